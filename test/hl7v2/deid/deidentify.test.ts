import { existsSync, globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../src/hl7v2/charset.ts';
import { Deidentifier } from '../../../src/hl7v2/deid/deidentify.ts';
import { capAge, shiftDate } from '../../../src/hl7v2/deid/shift-date.ts';
import type { Message } from '../../../src/hl7v2/message.ts';
import { parseMessage } from '../../../src/hl7v2/parse.ts';

const header = 'MSH|^~\\&|EHR|MERCY|W|H|20260501101500||ADT^A08|C1|P|2.5.1';

function parsed(text: string): Message {
  const { message } = parseMessage(text);
  if (message === undefined) throw new Error('not a message');
  return message;
}

/** Messages of one folder, de-identified. */
function deid(texts: readonly string[], options: { key?: string; keep?: string[] } = {}): string[] {
  const { key = 'k', keep = [] } = options;
  const all = texts.map(parsed);
  const deidentifier = new Deidentifier({ key: Buffer.from(key), keep: new Set(keep) });
  for (const message of all) deidentifier.learn(message);
  return all.map((message) => deidentifier.deidentify(message));
}

const one = (segment: string, keep: string[] = []): string =>
  deid([`${header}\r${segment}`], { keep })[0]?.split('\r')[1] ?? '';

const separators = (text: string): string => text.replace(/[^|^~&\r]/g, '');

describe('dates', () => {
  it.each([
    ['20260301', -1, '20260228'],
    ['20240301', -366, '20230301'],
    ['202603011015', 7, '202603081015'],
    ['20260301101530.1234+0100', -7, '20260222101530.1234+0100'],
    ['202603', -371, '202503'],
    ['1980', -371, '1979'],
    ['19800101', -7, '19791225'],
  ])('%s %i days later is %s', (text, days, shifted) =>
    expect(shiftDate(text, days)).toBe(shifted),
  );

  it('what is no date is none', () => {
    for (const text of ['', '0000', '20261301', 'UNK']) expect(shiftDate(text, -7)).toBeUndefined();
  });

  it.each([
    ['19360502', '20260501', undefined],
    ['19360501', '20260501', '19360101'],
    ['19200229', '20260501', '19360101'],
    ['1900', '20260501', '1936'],
    ['190002030405+0100', '20260501', '193601010405+0100'],
    ['1990', '', undefined],
    ['x', '2026', undefined],
  ])('born %s, at %s: %s', (birth, at, capped) => expect(capAge(birth, at)).toBe(capped));
});

describe('a message becomes a fixture', () => {
  it.each([
    [
      'PID|1||4711^^^MERCY^MR~99^8^M11^MERCY^SS||Doe^Jane^Q^^Dr||19800214|F',
      /^PID\|1\|\|\d{4}\^\^\^MERCY\^MR~\d\d\^\d\^M11\^MERCY\^SS\|\|[A-Z][a-z]+\^[A-Z][a-z]+\^[A-Z]\^\^[A-Z][a-z]\|\|19[78]\d{5}\|F$/,
    ],
    ['PID|1||""||Doe\\T\\Sons^""', /^PID\|1\|\|""\|\|[A-Z][a-z]+\\T\\[A-Z][a-z]+\^""$/],
    [
      'NK1|1|DOE^JOHN|SPO^Spouse|1 Main St^^Rome^RM^00185^ITA^H||^PRN^PH^j.doe@x.org^39^06^5551234',
      /^NK1\|1\|[A-Z]+\^[A-Z]+\|SPO\^Spouse\|\d [A-Z][a-z]{3} [A-Z][a-z]\^\^[A-Z][a-z]{3}\^[A-Z]{2}\^00\d{3}\^ITA\^H\|\|\^PRN\^PH\^[a-z]\.[a-z]{3}@[a-z]\.[a-z]{3}\^39\^0\d\^\d{7}$/,
    ],
    [
      'OBX|1|NM|GLU^Glucose||5.4|mmol/L|3.5-5.1||||F|||20260430',
      /^OBX\|1\|NM\|GLU\^Glucose\|\|5\.4\|mmol\/L\|3\.5-5\.1\|\|\|\|F\|\|\|202[345]\d{4}$/,
    ],
    ['OBX|1|TX|N^Note||Jane was seen', /^OBX\|1\|TX\|N\^Note\|\|REMOVED$/],
    ['OBX|1|FT|N^Note|1.2|a\\.br\\b~c', /^OBX\|1\|FT\|N\^Note\|1\.2\|REMOVED~REMOVED$/],
    ['OBX|1|ST|N||Not detected', /^OBX\|1\|ST\|N\|\|Not detected$/],
    ['OBX|1|ST|N||as told by Jane', /^OBX\|1\|ST\|N\|\|REMOVED$/],
    [
      'OBX|1|CWE|N||POS^Positive^L^^^^^^Jane says so',
      /^OBX\|1\|CWE\|N\|\|POS\^Positive\^L\^\^\^\^\^\^REMOVED$/,
    ],
    ['OBX|1|CWE|N||^Jane says', /^OBX\|1\|CWE\|N\|\|\^REMOVED$/],
    ['OBX|1|SN|N||>^100', /^OBX\|1\|SN\|N\|\|>\^100$/],
    ['OBX|1|XPN|N||Doe^Jane', /^OBX\|1\|XPN\|N\|\|[A-Z][a-z]+\^[A-Z][a-z]+$/],
    ['OBX|1|NM|30525-0^Age^LN||97|a', /^OBX\|1\|NM\|30525-0\^Age\^LN\|\|90\|a$/],
    ['OBX|1|ED|N||^AP^^Base64^SmFuZSBEb2U=', /^OBX\|1\|ED\|N\|\|\^AP\^\^Base64\^UkVNT1ZFRA==$/],
    ['NTE|1|L|call Jane 555-1', /^NTE\|1\|L\|REMOVED$/],
    [
      'ORC|RE|P7^EHR|F7^LAB|||||||||1234^House^Gregory^^^^MD',
      /^ORC\|RE\|[A-Z]\d\^EHR\|[A-Z]\d\^LAB\|{9}\d{4}\^[A-Z][a-z]+\^[A-Z][a-z]+\^\^\^\^MD$/,
    ],
    [
      'PV1|1|I|W1^12^B^MERCY||||||||||||||||V-881',
      /^PV1\|1\|I\|W1\^12\^B\^MERCY\|{16}[A-Z]-\d{3}$/,
    ],
    ['ZPI|1|Jane|20260301|a b^c', /^ZPI\|[1-9]\|[A-Z][a-z]{3}\|202[345]\d{4}\|REMOVED\^[a-z]$/],
    ['no segment|at all', /^REMOVED\|REMOVED$/],
  ])('%s', (given, expected) => {
    expect(one(given)).toMatch(expected);
    expect(separators(one(given))).toBe(separators(given));
  });

  it('keeps what is said to hold nothing of people', () => {
    expect(one('ZPI|1|Jane|GOLD', ['ZPI-3'])).toMatch(/^ZPI\|[1-9]\|(?!Jane)\w{4}\|GOLD$/);
    expect(one('ZPI|1|Jane|GOLD', ['ZPI'])).toBe('ZPI|1|Jane|GOLD');
  });

  it('its header but for time, number and what is secret', () => {
    const [text = ''] = deid([header.replace('||ADT', '|pass word|ADT')]);
    expect(text).toMatch(
      /^MSH\|\^~\\&\|EHR\|MERCY\|W\|H\|202[345]\d{4}101500\|REMOVED\|ADT\^A08\|[A-Z][1-9]\|P\|2\.5\.1\r$/,
    );
  });

  it('nobody is older than 90', () => {
    const [text = ''] = deid([`${header}\rPID|1||1||Doe^Jane||19100214`]);
    const [, at = '', born = ''] = /\|(\d{4})\d{10}\|[^]*\|\|(\d{4})\d{4}/.exec(text) ?? [];
    expect(Number(at) - Number(born)).toBeLessThanOrEqual(91);
  });
});

describe('within a folder', () => {
  const adt = (id: string, pid: string, more = ''): string =>
    `${header.replace('C1', id)}\rPID|1||${pid}\r${more}`;

  it('a person is the same one, whichever of their numbers is given, and so are the days between', () => {
    const discharge = (at: string): string => `PV1|1|I${'|'.repeat(43)}${at}`;
    const [first = '', second = '', third = ''] = deid([
      adt('1', '4711^^^A~88^^^B||DOE^JANE||19800214', discharge('202604010800')),
      adt('2', '88^^^B||Doe^Jane||19800214', discharge('202604030900')),
      adt('3', '55^^^A||ROE^JIM||19800214', 'MRG|4711^^^A'),
    ]);
    const birth = (text: string) => /\|\|(\d{8})\r/.exec(text)?.[1];
    const ids = (text: string) => /PID\|1\|\|([^|]*)/.exec(text)?.[1]?.split('~') ?? [];
    const name = (text: string) => /PID\|1\|\|[^|]*\|\|([^|]*)/.exec(text)?.[1] ?? '';
    expect(birth(second)).toBe(birth(first));
    expect(birth(third)).toBe(birth(first));
    expect(ids(second)[0]).toBe(ids(first)[1]);
    expect(third).toContain(`MRG|${ids(first)[0] ?? '?'}`);
    expect(name(second).toUpperCase()).toBe(name(first));
    const [left = '', other = ''] = [first, second].map(
      (text) => /\|(\d{8})0[89]00\r/.exec(text)?.[1] ?? '',
    );
    expect(shiftDate(left, 2)).toBe(other);
  });

  it('the same key gives the same, another one another', () => {
    const texts = [adt('1', '4711^^^A||DOE^JANE||19800214'), adt('2', '47^^^A||ROE^JIM||19810214')];
    expect(deid(texts)).toEqual(deid(texts));
    expect(deid(texts, { key: 'other' })).not.toEqual(deid(texts));
  });

  it('two numbers never become one, however short', () => {
    const numbers = Array.from({ length: 60 }, (_, at) => String(at + 1));
    const made = deid(numbers.map((number) => adt('1', `${number}^^^A`))).map(
      (text) => /PID\|1\|\|(\d+)/.exec(text)?.[1],
    );
    expect(new Set(made).size).toBe(60);
  });

  it('a name that stands in a text that is kept is replaced there too, and told of a code', () => {
    const more = 'OBR|1|||X^Panel for Meier^L\rOBX|1|CWE|MEIER^Test||A^B';
    const message = parsed(adt('1', '1||Meier^Jo', more));
    const deidentifier = new Deidentifier({ key: Buffer.from('k'), keep: new Set() });
    deidentifier.learn(message);
    const text = deidentifier.deidentify(message);
    expect(text).toMatch(/OBR\|1\|\|\|X\^Panel for (?!Meier)[A-Z][a-z]+\^L\r/);
    expect(text).toContain('|MEIER^Test|');
    const changes = deidentifier.changes();
    expect(changes).toContainEqual({ position: 'OBR-4.2', done: 'cleaned', count: 1 });
    const kept = { position: 'OBX-3.1', done: 'kept, though it is a name too', count: 1 };
    expect(changes).toContainEqual(kept);
  });
});

describe('nothing of a person comes out', () => {
  const word = fc.stringMatching(/^[A-Z][a-z]{3,9}$/);
  const number = fc.stringMatching(/^[1-9]\d{4,8}$/);
  const person = fc.record({
    ...{ family: word, given: word, street: word, city: word },
    ...{ id: number, phone: number, ssn: number },
  });

  it('whoever it is, and the message keeps its shape', () => {
    fc.assert(
      fc.property(fc.array(person, { minLength: 1, maxLength: 4 }), fc.string(), (people, key) => {
        const texts = people.map((each, at) => {
          const { family, given, street, city, id, phone, ssn } = each;
          return [
            header.replace('C1', `c${String(at)}`),
            `PID|1||${id}^^^MERCY^MR||${family}^${given}||19750309|M|||${street}^^${city}||${phone}|||||${id}|${ssn}`,
            `NK1|1|${family}^${given}|SPO|${street}^^${city}||${phone}`,
            `PV1|1|O|||||${id}^${family}^${given}`,
            `ZPI|1|${family}|${ssn}`,
            `NTE|1||${family} ${phone}`,
          ].join('\r');
        });
        for (const [at, text] of deid(texts, { key }).entries()) {
          expect(separators(text)).toBe(separators(`${texts[at] ?? ''}\r`));
          for (const value of people.flatMap((each) => Object.values(each))) {
            // Digits stand within dates by chance; a number is one as a whole.
            expect(text).not.toMatch(new RegExp(`(?<!\\d)${value}(?!\\d)`, 'i'));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const folder = new URL('../../../../shared/data/hl7-samples-microsoft', import.meta.url).pathname;
const files = existsSync(folder) ? globSync('**/*.hl7', { cwd: folder }) : [];

// Public sample messages that are not part of this repository; without them there is nothing to read.
describe.skipIf(files.length === 0)('sample messages', () => {
  it('keep their shape, and no value of a person’s fields comes out', () => {
    const texts = files.map((file) => decodeFrame(readFileSync(`${folder}/${file}`)).text);
    const made = deid(texts);
    for (const [at, text] of made.entries()) {
      const [before, after] = [parsed(texts[at] ?? ''), parsed(text)];
      const shape = ({ segments }: Message) =>
        segments.map(({ name, raw }) => `${name} ${separators(raw)}`);
      expect(shape(after)).toEqual(shape(before));
      expect([after.type, after.version]).toEqual([before.type, before.version]);
      const fields = personal(after);
      for (const value of personal(before)) {
        const whole = `(?<![\\p{L}\\p{N}])${value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![\\p{L}\\p{N}])`;
        const found = fields.filter((field) => new RegExp(whole, 'iu').test(field));
        expect([files[at], value, found]).toEqual([files[at], value, []]);
      }
    }
  });
});

/** Names, numbers, streets and telephone numbers of PID and NK1. */
function personal(message: Message): readonly string[] {
  const places: readonly (readonly [string, number, number])[] = [
    ...([
      ['PID', 3, 1],
      ['PID', 5, 1],
      ['PID', 5, 2],
      ['PID', 11, 1],
      ['PID', 11, 3],
    ] as const),
    ...([
      ['PID', 13, 1],
      ['PID', 18, 1],
      ['PID', 19, 1],
      ['NK1', 2, 1],
      ['NK1', 2, 2],
    ] as const),
    ...([
      ['NK1', 4, 1],
      ['NK1', 5, 1],
    ] as const),
  ];
  return message.segments.flatMap((segment) =>
    places
      .filter(([name]) => name === segment.name)
      .flatMap(([, field, component]) =>
        segment
          .field(field)
          .repetitions()
          .map((each) => each.component(component).text),
      )
      .filter((text) => /[\p{L}1-9]/u.test(text) && text.trim().length >= 3),
  );
}
