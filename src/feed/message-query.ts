import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import type { JournalQuery, JournalState } from '../store/store.ts';
import { fieldOf, isPosition } from './message-fields.ts';

/** What is looked for, without how much of it is shown. */
export type MessageQuery = Omit<JournalQuery, 'count' | 'cursor' | 'bare' | 'oldestFirst'>;

const states = [
  'received',
  'processed',
  'failed',
  'parked',
  'ignored',
] as const satisfies readonly JournalState[];

/** Names beside positions, with the column that each asks. */
const columns: Readonly<Record<string, 'feed' | 'messageType' | 'controlId' | 'patient'>> = {
  feed: 'feed',
  type: 'messageType',
  messageType: 'messageType',
  'MSH-9': 'messageType',
  controlId: 'controlId',
  'MSH-10': 'controlId',
  patient: 'patient',
};

/**
 * Reads conditions (`PID-3` is `123`, `state` is `failed`), all of which must hold; an empty value is none. Throws an
 * OutcomeError that names what cannot be looked for, and never the value: it may be a person's.
 */
export function messageQuery(
  asked: Iterable<readonly [name: string, value: string]>,
  given: { readonly positions: ReadonlySet<string>; readonly now: Date },
): MessageQuery {
  const fields: string[] = [];
  const query: { -readonly [Key in keyof MessageQuery]?: MessageQuery[Key] } = {};
  for (const [name, value] of asked) {
    const text = value.trim();
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (text === '') continue;
    if (column !== undefined) query[column] = text;
    else if (name === 'state') query.state = statesOf(text);
    else if (name === 'from' || name === 'to') query[name] = instantOf(name, text, given.now);
    else fields.push(fieldOf(knownPosition(name, given.positions), text));
  }
  return fields.length === 0 ? query : { ...query, fields };
}

function knownPosition(name: string, positions: ReadonlySet<string>): string {
  if (positions.has(name)) return name;
  const known = [...positions].join(', ');
  if (!isPosition(name)) {
    const words = 'state, feed, type, controlId, patient, from, to';
    return fail('search-parameter', `Messages are not found by that; give ${words} or ${known}`);
  }
  return fail(
    'search-parameter',
    `Messages are not found by ${name}; they are by ${known}. A feed file adds others under index:`,
  );
}

function statesOf(text: string): JournalState | readonly JournalState[] {
  const given = text.split(',').map((each) => each.trim());
  const known = given.flatMap((each) => states.find((state) => state === each) ?? []);
  if (known.length < given.length) fail('value', `state is one or more of ${states.join(', ')}`);
  const [only, ...others] = known;
  return only !== undefined && others.length === 0 ? only : known;
}

const agoForm = /^(\d{1,5})([mhd])$/;
const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const dateForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** A day begins, and a time without a zone is, in UTC. */
function instantOf(name: string, text: string, now: Date): Date {
  const [, count, unit] = agoForm.exec(text) ?? [];
  if (count !== undefined) {
    return new Date(now.getTime() - Number(count) * unitsMs[unit as keyof typeof unitsMs]);
  }
  const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(text.slice(10));
  const date = new Date(text.includes('T') && !hasZone ? `${text}Z` : text);
  if (!dateForm.test(text) || Number.isNaN(date.getTime())) {
    fail(
      'value',
      `${name} is a date or time such as 2026-05-01, 2026-05-01T10:00:00Z, or 24h for a day ago`,
    );
  }
  return date;
}

/** `count` of a page as it is asked for, within its bounds. */
export function pageCount(text: string | undefined): number {
  return Math.min(Math.max(Math.trunc(Number(text)) || 50, 1), limits.messagePageMax);
}
