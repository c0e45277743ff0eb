import { logicalId } from '../record/identity.ts';
import type { Reading } from './reading.ts';

/**
 * Fields of a journal row (`JournalEntry.fields`) that no position has: what a waiting message takes its turn for. By
 * itself it says that the row has all of them.
 */
const mark = 'turn=';

/** What a message that waits in the journal is found by, by those who must not overtake it. Nothing can be read from it. */
export function turnFields({ orderKeys }: Pick<Reading, 'orderKeys'>): readonly string[] {
  const keys = orderKeys.filter((key) => !key.startsWith('message|'));
  return [mark, ...keys.map((key) => mark + logicalId('turn', '', key))];
}

/** Whether a row says what it takes its turn for; those of an earlier program do not. */
export function saysTurns({ fields = [] }: { readonly fields?: readonly string[] }): boolean {
  return fields.includes(mark);
}

/** Those that are shared by messages which take turns. */
export function sharedTurns(fields: readonly string[] = []): readonly string[] {
  return fields.filter((field) => isTurn(field) && field !== mark);
}

/** The fields of a message that waits no more. */
export function withoutTurns(fields: readonly string[]): readonly string[] {
  return fields.some(isTurn) ? fields.filter((field) => !isTurn(field)) : fields;
}

/** What a row's turns are, to be kept with other fields. */
export function turnsOf({
  fields = [],
}: {
  readonly fields?: readonly string[];
}): readonly string[] {
  return fields.filter(isTurn);
}

function isTurn(field: string): boolean {
  return field.startsWith(mark);
}
