import { isDeepStrictEqual } from 'node:util';
import { defaultFeed, type Feed } from '../../src/feed/feed.ts';
import { mapWith } from '../../src/feed/map-message.ts';
import { readFrame, type Reading } from '../../src/feed/reading.ts';
import { selectMap, type CompiledPack } from '../../src/mapping/pack.ts';

/**
 * Fields that may be read without making a difference, with the reason. Everything else that is valued has to
 * show: by another result without it, by the loss report, or by the map that names it as ignored.
 */
const withoutDifference: Readonly<Record<string, string>> = {
  'AIG-12': 'unit of a duration; minutes, as where it is not said',
  'AIL-10': 'unit of a duration; minutes, as where it is not said',
  'AIP-10': 'unit of a duration; minutes, as where it is not said',
  'AIS-8': 'unit of a duration; minutes, as where it is not said',
  'SCH-9': 'duration, said by AIS too',
  'SCH-10': 'unit of a duration; minutes, as where it is not said',
  'AIG-2': 'action code: only D says something else than nothing',
  'AIS-2': 'action code: only D says something else than nothing',
  'DG1-21': 'action code: only D says something else than nothing',
  'DG1-22': 'the default says the same',
  'FT1-7': 'FT1-25 says the same',
  'FT1-20': 'the doctor of another field',
  'FT1-21': 'the doctor of another field',
  'IAM-6': 'action code: only D says something else than nothing',
  'IN1-19': 'one of two, of which the other says the same',
  'OBR-11': 'action code: only G makes another intent',
  'OBR-13': 'white space',
  'OBR-29': 'parent order, without a number',
  'OBX-2': 'the type of a value that is not there, or the type that is taken where none is said',
  'OBX-5': 'an attachment without content',
  'OBX-11': 'as its order says',
  'OBX-14': 'as its order says',
  'OBX-19': 'a date without a time, of which the message is told once',
  'ORC-1': 'as the default is',
  'ORC-2': 'OBR-2 says it',
  'ORC-3': 'OBR-3 says it',
  'ORC-5': 'as the order control says',
  'ORC-12': 'OBR-16 says it',
  'PD1-4': 'the doctor of another field',
  'PRB-1': 'action code: only DE says something else than nothing',
  'PRT-4': 'the part of nobody who is named by a number',
  'PRT-10': 'a device without a number',
  'PV1-6': 'a place without a name',
  'PV1-8': 'the doctor of another field',
  'PV1-50': 'PV1-19 goes first',
  'RF1-1': 'as the event says',
  'RXA-6': '999: amount not known',
  'RXA-20': 'as the default is',
  'RXA-21': 'action code: only D says something else than nothing',
  'SPM-17': 'the specimen of another order of the message',
  'SPM-18': 'the specimen of another order of the message',
  'SPM-20': 'the specimen of another order of the message',
};

/** Positions of valued fields, as `PID-5`, that a message gives away: nobody says what became of them. */
export function unexplainedFields(pack: CompiledPack, text: string): readonly string[] {
  const whole = read(pack, text);
  const map = whole.message && selectMap(pack, whole.message, defaultFeed.name);
  if (!whole.result || map === undefined || typeof map === 'string') return [];
  const named = new Set([...whole.result.loss.map(({ position }) => position), ...map.ignored]);
  const made = madeOf(whole);
  const isExplained = (name: string, position: string): boolean =>
    named.has(name) || named.has(position) || withoutDifference[position] !== undefined;
  return [...valuedFields(text)].flatMap(([without, { name, position }]) => {
    if (isExplained(name, position)) return [];
    return isSame(madeOf(read(pack, without)), made) ? [position] : [];
  });
}

function read(pack: CompiledPack, text: string): Reading {
  const feeds: readonly Feed[] = [defaultFeed];
  const receivedAt = new Date('2026-01-01T00:00:00Z');
  const bytes = Buffer.from(text);
  return readFrame({ bytes, peer: 'test' }, { feeds, receivedAt, map: mapWith(pack) });
}

/** What came of it, but for the addresses that are made of the message's hash. */
function madeOf({ result, issues }: Reading): string {
  const { resources, provenance, effects, unmapped } = result ?? {};
  const made = { resources, provenance, effects, unmapped, issues };
  return JSON.stringify(made).replace(/urn:uuid:[-0-9a-f]+/g, 'urn:uuid');
}

/** In another order of properties it would be as long. */
function isSame(one: string, two: string): boolean {
  if (one.length !== two.length) return false;
  return one === two || isDeepStrictEqual(JSON.parse(one), JSON.parse(two));
}

/**
 * Positions where a repetition makes no difference in more fields than the loss report counts (it says in how many fields of
 * the message some repetition was read by no rule). Each repetition is left out by itself.
 */
export function unexplainedRepetitions(pack: CompiledPack, text: string): readonly string[] {
  const whole = read(pack, text);
  const map = whole.message && selectMap(pack, whole.message, defaultFeed.name);
  if (!whole.result || map === undefined || typeof map === 'string') return [];
  const { ignored } = map;
  const made = madeOf(whole);
  const lost = new Map(whole.result.loss.map(({ position, count }) => [position, count]));
  const idle = new Map<string, Set<number>>();
  for (const { name, position, line, without } of valuedRepetitions(text)) {
    if (ignored.has(name) || ignored.has(position)) continue;
    if (withoutDifference[position] !== undefined) continue;
    if (!isSame(madeOf(read(pack, without)), made)) continue;
    idle.set(position, (idle.get(position) ?? new Set()).add(line));
  }
  return [...idle]
    .filter(([position, lines]) => lines.size > (lost.get(position) ?? 0))
    .map(([position]) => `${position} (a repetition)`);
}

/** Every valued repetition of fields that have several, all different, with the text as it would be without it. */
function valuedRepetitions(text: string) {
  const lines = text.split('\r');
  return lines.flatMap((line, at) => {
    const fields = line.split('|');
    const [name = ''] = fields;
    if (name.length !== 3 || name === 'MSH') return [];
    return fields.flatMap((value, field) => {
      const repetitions = value.split('~');
      if (repetitions.length < 2 || new Set(repetitions).size < repetitions.length) return [];
      const position = `${name}-${String(field)}`;
      return repetitions.flatMap((repetition, index) => {
        if (repetition === '' || repetition === '""') return [];
        const left = repetitions.with(index, '').join('~');
        const without = lines.map((other) => leftOut(other, { name, field, value, left }));
        return [{ name, position, line: at, without: without.join('\r') }];
      });
    });
  });
}

/**
 * Every valued field but those of MSH, by the text as it would be without that field. Where a segment comes again
 * and says the same there, it is left out of all of them: what is said twice makes no difference once.
 */
function valuedFields(text: string): ReadonlyMap<string, { name: string; position: string }> {
  const lines = text.split('\r');
  const found = new Map<string, { name: string; position: string }>();
  for (const line of lines) {
    const fields = line.split('|');
    const [name = ''] = fields;
    if (name.length !== 3 || name === 'MSH') continue;
    for (const [field, value] of fields.entries()) {
      if (field === 0 || value === '' || value === '""') continue;
      const without = lines.map((other) => leftOut(other, { name, field, value }));
      found.set(without.join('\r'), { name, position: `${name}-${String(field)}` });
    }
  }
  return found;
}

function leftOut(
  line: string,
  said: {
    readonly name: string;
    readonly field: number;
    readonly value: string;
    readonly left?: string;
  },
): string {
  const { name, field, value, left = '' } = said;
  const fields = line.split('|');
  return fields[0] === name && fields[field] === value ? fields.with(field, left).join('|') : line;
}
