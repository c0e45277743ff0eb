import type { MapIssues } from '../map-issue.ts';
import type { At } from './model.ts';
import { parsePath, type SourcePath } from './path-syntax.ts';

/** `ORC-3|OBR-3`: paths of which the first valued one counts. What is no path is reported; `more` says what else may stand there. */
export function alternatives(text: At<string>, issues: MapIssues, more = ''): At<SourcePath>[] {
  return text.value.split('|').flatMap((part) => {
    const value = parsePath(part.trim());
    if (value) return [{ value, place: text.place }];
    const forms = `write paths with \`|\` between${more}`;
    issues.add(text.place, `\`${part.trim()}\` is not a path; ${forms}`);
    return [];
  });
}
