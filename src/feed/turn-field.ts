import { logicalId } from '../record/identity.ts';
import type { MapMessage } from './map-message.ts';
import { valuesAt } from './message-fields.ts';
import type { Reading } from './reading.ts';

/**
 * Fields of a journal row (`JournalEntry.fields`) that no position has: what a waiting message takes its turn for. By
 * itself it says that the row has all of them.
 */
const mark = 'line=';

/** As rows of an earlier program have it, of what their maps had found. */
const earlierMark = 'turn=';

/** Where HL7 has the numbers of people: PID-2 to PID-4 and what MRG says of before. */
const personFields: readonly string[] = ['PID-2', 'PID-3', 'PID-4', 'MRG-1', 'MRG-4'];

/**
 * What a message that waits in the journal is found by, by those who must not overtake it: what its sender takes turns
 * for, and the numbers of people as they stand in it, whoever gave them. It need not have been mapped; two messages
 * that share one without need cost time and no truth. Nothing can be read from it.
 */
export function turnFields(
  { orderKeys, message }: Pick<Reading, 'orderKeys' | 'message'>,
  { personFields: fields = personFields }: Pick<MapMessage, 'personFields'>,
): readonly string[] {
  const keys = orderKeys.filter((key) => !/^(message|person)\|/.test(key));
  const numbers = message === undefined ? [] : fields.flatMap((field) => valuesAt(message, field));
  return [mark, ...new Set([...keys.map(turnField), ...numbers.map(numberField)])];
}

/** What is shared with messages in which this number of somebody stands. */
export function numberField(value: string): string {
  return turnField(`number|${value.trim()}`);
}

function turnField(key: string): string {
  return mark + logicalId('turn', '', key);
}

/** Whether a row says what it takes its turn for; those of an earlier program do not. */
export function saysTurns({ fields = [] }: { readonly fields?: readonly string[] }): boolean {
  return fields.includes(mark);
}

/** Those that are shared by messages which take turns. */
export function sharedTurns(fields: readonly string[] = []): readonly string[] {
  return fields.filter((field) => field.startsWith(mark) && field !== mark);
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
  return field.startsWith(mark) || field.startsWith(earlierMark);
}
