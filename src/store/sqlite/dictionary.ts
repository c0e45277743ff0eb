import type { Statements } from './statements.ts';
import { limits } from '../../limits.ts';

/**
 * Text <-> integer, exact both ways: equal ids mean equal text. Ids are remembered; what a rolled-back
 * transaction made must be forgotten, or later rows would carry ids that no row explains.
 */
export interface Dictionary {
  /** The id of a text that has one. */
  find(text: string): number | undefined;
  /** The id of a text, given now where it had none. Only inside a write transaction. */
  intern(text: string): number;
  text(id: number): string | undefined;
  forget(): void;
}

/** Small ids, counted up: for what recurs in every row (types, parameters, systems). */
export function openNames(statements: Statements): Dictionary {
  const byText = statements.value<number>('SELECT id FROM name WHERE text = ?');
  const insert = statements.write('INSERT INTO name (text) VALUES (?)');
  const byId = statements.value<string>('SELECT text FROM name WHERE id = ?');
  return remembering({
    find: (text) => byText(text),
    intern: (text) => byText(text) ?? Number(insert(text).lastInsertRowid),
    text: (id) => byId(id),
  });
}

interface Lookup {
  readonly find: (text: string) => number | undefined;
  readonly intern: (text: string) => number;
  readonly text: (id: number) => string | undefined;
}

function remembering(lookup: Lookup): Dictionary {
  const ids = new Map<string, number>();
  const remember = (text: string, id: number): number => {
    if (ids.size >= limits.dictionaryCacheMax) ids.clear();
    ids.set(text, id);
    return id;
  };
  return {
    find(text) {
      const known = ids.get(text);
      if (known !== undefined) return known;
      const id = lookup.find(text);
      return id === undefined ? undefined : remember(text, id);
    },
    intern(text) {
      return ids.get(text) ?? remember(text, lookup.intern(text));
    },
    text: lookup.text,
    forget: () => ids.clear(),
  };
}
