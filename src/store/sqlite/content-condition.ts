/** Conditions on all words of a resource: by the index, and by the body where the index does not know it yet. */
import type { Word } from '../../fhir/search-ast.ts';
import { contentVersion } from '../../fhir/search-text.ts';
import { always, fragment, type Fragment } from './fragment.ts';

/** The newest version that the index knows; one that was made by other rules knows none. */
const place = `(SELECT iif(v.value = ${contentVersion}, p.value, 0) FROM counter p, counter v
  WHERE p.name = 'content' AND v.name = 'content_version')`;

/** Whether the resource `r` has all of the words. */
export function contentCondition(words: readonly Word[]): Fragment {
  if (words.length === 0) return always;
  return fragment(
    `((r.pos <= ${place} AND r.rid IN (SELECT rowid FROM content WHERE content MATCH ?))
      OR (r.pos > ${place}
          AND content_has((SELECT v.body FROM version v WHERE v.pos = r.pos), ?)))`,
    matchText(words),
    JSON.stringify(words),
  );
}

/** The rids of what has all of the words, and of all that the index does not know yet. */
export function contentRids(words: readonly Word[]): Fragment | undefined {
  if (words.length === 0) return undefined;
  return fragment(
    `SELECT rowid AS rid FROM content WHERE content MATCH ?
     UNION ALL SELECT v.rid FROM version v WHERE v.pos > ${place}`,
    matchText(words),
  );
}

/**
 * What FTS5 is asked for. Words are of letters and digits alone (search-text.ts), and each stands in quotation marks:
 * nothing in them is read as syntax.
 */
export function matchText(words: readonly Word[]): string {
  return words
    .map(({ text, isBegun }) => `"${text.replaceAll('"', '""')}"${isBegun ? '*' : ''}`)
    .join(' AND ');
}
