// Writes the reference pages that are generated from tables: `node scripts/reference-pages.ts`.
import { writeFileSync } from 'node:fs';
import { environmentName, flagName, settings } from '../src/config.ts';
import { issueTable } from '../src/fhir/issue-table.ts';

/** docs/reference/configuration.md */
export function settingsPage(): string {
  const rows = Object.entries(settings).map(([name, { form, default: byDefault, doc }]) =>
    tableRow([
      `\`${flagName(name)}\``,
      `\`${environmentName(name)}\``,
      `\`${name}\``,
      form.replaceAll('|', 'or'),
      byDefault === '' ? 'none' : `\`${byDefault}\``,
      doc,
    ]),
  );
  return page('Settings', [
    'Every setting is a flag, an environment variable and a key of `weir.yaml` in the data folder; the first that is given wins, in that order. Only `data` is no key: the file lies in the folder that it names.',
    table(['flag', 'variable', 'key', 'value', 'default', 'what it is'], rows),
    'Generated from `src/config.ts` by `node scripts/reference-pages.ts`.',
  ]);
}

/** docs/reference/errors.md */
export function errorsPage(): string {
  const rows = Object.entries(issueTable).map(([code, row]) =>
    tableRow([
      `\`${code}\``,
      row.type,
      String(row.status),
      row.msa1,
      row.err3,
      row.retryable ? 'yes' : 'no',
      row.doc,
    ]),
  );
  return page('Errors', [
    'One row per fault, with its two faces: an OperationOutcome over HTTP, MSA and ERR over HL7 v2.',
    table(
      ['code', 'FHIR issue type', 'HTTP status', 'MSA-1', 'ERR-3 (table 0357)', 'retry', 'meaning'],
      rows,
    ),
    'Generated from `src/fhir/issue-table.ts` by `node scripts/reference-pages.ts`.',
  ]);
}

function page(title: string, parts: readonly string[]): string {
  return `# ${title}\n\n${parts.join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [tableRow(head), tableRow(head.map(() => '---')), ...rows].join('\n');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

if (import.meta.main) {
  writeFileSync('docs/reference/configuration.md', settingsPage());
  writeFileSync('docs/reference/errors.md', errorsPage());
}
