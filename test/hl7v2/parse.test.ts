import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/hl7v2/encode.ts';
import type { Element, Message } from '../../src/hl7v2/message.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { limits } from '../../src/limits.ts';

const msh = 'MSH|^~\\&|LAB|HOSP|WEIR|HUB|20240131||ORU^R01^ORU_R01|42|P|2.5.1';

function parse(text: string): Message {
  const { message, issues } = parseMessage(text);
  if (!message) throw new Error(issues.map((issue) => issue.text).join());
  return message;
}

function field(raw: string, number = 1): Element {
  return (parse(`${msh}\rZZ1|${raw}\r`).segment('ZZ1') ?? never()).field(number);
}

function never(): never {
  throw new Error('unreachable');
}

describe('segments', () => {
  const expected = ['MSH', 'PID', 'OBX'];
  it.each([
    ['CR', `${msh}\rPID|1\rOBX|1\r`],
    ['LF', `${msh}\nPID|1\nOBX|1\n`],
    ['CRLF', `${msh}\r\nPID|1\r\nOBX|1\r\n`],
    ['mixed', `${msh}\rPID|1\nOBX|1\r\n`],
    ['no last terminator', `${msh}\rPID|1\rOBX|1`],
    ['blank lines', `${msh}\r\r\nPID|1\r \r\rOBX|1\r\n\n`],
    ['byte order mark', `\ufeff${msh}\rPID|1\rOBX|1`],
    ['white space and VT before MSH', `\r\n \v${msh}\rPID|1\rOBX|1`],
  ])('end with %s', (_, text) => {
    const message = parse(text);
    expect(message.segments.map((segment) => segment.name)).toEqual(expected);
    expect(message.segments.map((segment) => segment.index)).toEqual([0, 1, 2]);
    expect(message.segment('OBX')?.field(1).text).toBe('1');
  });

  it('keep a LF in a field where CR ends segments', () => {
    const message = parse(`${msh}\rNTE|1||one\ntwo\rOBX|1`);
    expect(message.segment('NTE')?.field(3).text).toBe('one\ntwo');
    expect(message.segments).toHaveLength(3);
  });

  it('keep a line that is no segment, without its text as a name, and report it', () => {
    const { message, issues } = parseMessage(`${msh}\nNTE|1||Jane\nDoe was here\nZPI|x`);
    expect(message?.segments.map((segment) => segment.name)).toEqual(['MSH', 'NTE', '???', 'ZPI']);
    expect(issues).toMatchObject([{ code: 'segment-sequence', severity: 'warning' }]);
    expect(JSON.stringify(issues)).not.toContain('Doe');
  });

  it('count fields as HL7 does, also in MSH', () => {
    const header = parse(`${msh}\r`).segment('MSH');
    expect(header?.field(1).text).toBe('|');
    expect(header?.field(2).text).toBe('^~\\&');
    expect(header?.field(2).component(1).text).toBe('^~\\&');
    expect(header?.field(3).text).toBe('LAB');
    expect(header?.field(12).text).toBe('2.5.1');
    expect(header?.fieldCount).toBe(12);
    expect(header?.field(0).state).toBe('absent');
    expect(header?.field(99).state).toBe('absent');
  });

  it('refuses more repetitions than repetitionsMax, whatever stands for them', () => {
    const list = (count: number): string => `\rPID|1||${'7~'.repeat(count)}`;
    expect(parseMessage(msh + list(limits.repetitionsMax - 1)).message).toBeDefined();
    const { message, issues } = parseMessage(msh + list(limits.repetitionsMax));
    expect([message, issues.map(({ code }) => code)]).toEqual([undefined, ['limit']]);
  });

  it('are bounded', () => {
    const { message, issues } = parseMessage(msh + '\rNTE|1'.repeat(limits.segmentsMax));
    expect(message).toBeUndefined();
    expect(issues).toMatchObject([{ code: 'limit', severity: 'error' }]);
  });
});

describe('what is no message', () => {
  it.each([
    ['nothing', ''],
    ['blanks', ' \r\n\v'],
    ['another text', 'hello'],
    ['a segment before MSH', 'PID|1\rMSH|^~\\&|'],
    ['MSH alone', 'MSH'],
    ['a letter for MSH-1', 'MSHX^~\\&X'],
    ['letters for MSH-2', 'MSH|ADT^A01|'],
    ['bytes in MSH-2 that are none in the charset', 'MSH|^\ufffd\\&|'],
    ['a quote in MSH-2', 'MSH|^~\\"|'],
  ])('is an error: %s', (_, text) => {
    const { message, issues } = parseMessage(text);
    expect(message).toBeUndefined();
    expect(issues).toMatchObject([{ code: 'syntax-hl7', severity: 'error' }]);
  });
});

describe('encoding characters', () => {
  it.each([
    ['usual', 'MSH|^~\\&', '|^~\\&'],
    ['truncation', 'MSH|^~\\&#', '|^~\\&#'],
    ['others', 'MSH$%!?*', '$%!?*'],
    ['component is ~', 'MSH|~^\\&', '|~^\\&'],
    ['no subcomponent', 'MSH|^~\\', '|^~\\'],
    ['component only', 'MSH|^', '|^'],
  ])('%s', (_, header, characters) => {
    const [f, c, r, e, s, t] = characters;
    const { message, issues } = parseMessage(`${header}${f ?? ''}A\rZZ1${f ?? ''}x`);
    const expected = { field: f, component: c, repetition: r ?? '', escape: e ?? '' };
    expect(message?.encoding).toEqual({ ...expected, subcomponent: s ?? '', truncation: t ?? '' });
    expect(message?.segment('ZZ1')?.field(1).text).toBe('x');
    expect(issues).toEqual([]);
  });

  it('an absent character never separates', () => {
    const message = parse('MSH|^|A\rZZ1|a&b~c\\T\\^d');
    expect(message.segment('ZZ1')?.field(1).component(1).text).toBe('a&b~c\\T\\');
    expect(message.segment('ZZ1')?.field(1).component(1).subcomponent(2).state).toBe('absent');
    expect(message.segment('ZZ1')?.field(1).component(2).text).toBe('d');
  });

  it('three that end in & have no escape character', () => {
    const message = parse('MSH|^~&|A\rZZ1|C:\\temp&x');
    expect(message.encoding).toMatchObject({ escape: '', subcomponent: '&' });
    expect(message.segment('ZZ1')?.field(1).text).toBe('C:\\temp');
  });

  it('an empty MSH-2 is read as usual, with a warning', () => {
    const { message, issues } = parseMessage('MSH||A\rZZ1|a^b');
    expect(message?.segment('ZZ1')?.field(1).component(2).text).toBe('b');
    expect(issues).toMatchObject([{ location: 'MSH-2', severity: 'warning' }]);
  });

  it.each([
    ['twice the same', 'MSH|^^\\&|'],
    ['six', 'MSH|^~\\&#!|'],
  ])('%s: a warning', (_, text) => {
    expect(parseMessage(text)).toMatchObject({ issues: [{ location: 'MSH-2' }] });
  });
});

describe('elements', () => {
  it.each([
    ['', 'absent', ''],
    ['""', 'null', ''],
    ['x', 'value', 'x'],
    ['^^', 'absent', ''],
    ['~&', 'absent', ''],
    ['""^""', 'null', ''],
    ['""^^', 'null', ''],
    ['^""', 'value', ''],
    ['""^x', 'value', ''],
    ['A&B^C~D', 'value', 'A'],
    ['^C', 'value', ''],
    ['"', 'value', '"'],
    ['a""', 'value', 'a""'],
  ])('%j is %s with text %j', (raw, state, text) => {
    expect(field(raw)).toMatchObject({ raw, state, text });
  });

  it('repetitions leave trailing empty ones away and keep those in the middle', () => {
    const texts = (raw: string): string[] =>
      field(raw)
        .repetitions()
        .map((one) => one.text);
    expect(texts('a~~c~~')).toEqual(['a', '', 'c']);
    expect(texts('~b')).toEqual(['', 'b']);
    expect(texts('')).toEqual([]);
    expect(texts('~^&')).toEqual([]);
    expect(
      field('""')
        .repetitions()
        .map((one) => one.state),
    ).toEqual(['null']);
    const component = field('a^b~c').component(2);
    expect(component.repetitions()).toEqual([component]);
    expect(field('a').component(2).repetitions()).toEqual([]);
  });

  it('every place answers, however deep', () => {
    const one = field('1^2&3~4');
    expect(one.component(2).subcomponent(2).text).toBe('3');
    expect(one.subcomponent(1).text).toBe('1');
    expect(one.component(1).component(1).text).toBe('1');
    expect(one.component(1).component(2).state).toBe('absent');
    expect(one.component(9).subcomponent(9)).toMatchObject({ state: 'absent', text: '', raw: '' });
    expect(one.component(2).subcomponent(2).subcomponent(1).text).toBe('3');
    expect(one.component(2).subcomponent(2).subcomponent(2).state).toBe('absent');
    expect(one.repetitions()[1]?.subcomponent(1).text).toBe('4');
  });

  it('know their position', () => {
    const second = field('a^b~c^d&e').repetitions()[1];
    expect(second?.component(2).subcomponent(2).position).toEqual({
      segment: 'ZZ1',
      segmentIndex: 1,
      field: 1,
      repetition: 1,
      component: 2,
      subcomponent: 2,
    });
    expect(field('a').position).toEqual({ segment: 'ZZ1', segmentIndex: 1, field: 1 });
  });

  it('are decoded once, after splitting, with the charset of MSH-18', () => {
    expect(field('a\\T\\b\\S\\c').text).toBe('a&b^c');
    expect(field('\\E\\T\\E\\').text).toBe('\\T\\');
    const latin = parse(`${msh}||||||8859/1\rZZ1|\\XE9\\`);
    expect(latin.segment('ZZ1')?.field(1).text).toBe('é');
    const given = parseMessage(`${msh}\rZZ1|\\XC8\\`, { charset: 'iso-8859-5' }).message;
    expect(given?.segment('ZZ1')?.field(1).text).toBe('Ш');
  });
});

describe('message type', () => {
  it.each([
    ['ADT^A01^ADT_A01', 'ADT^A01', 'ADT_A01'],
    ['ADT^A08', 'ADT^A08', 'ADT_A01'],
    ['ADT^A40', 'ADT^A40', 'ADT_A39'],
    ['ADT^A31', 'ADT^A31', 'ADT_A05'],
    ['ADT^A07', 'ADT^A07', 'ADT_A06'],
    ['ADT^A10', 'ADT^A10', 'ADT_A09'],
    ['ADT^A02', 'ADT^A02', 'ADT_A02'],
    ['SIU^S26', 'SIU^S26', 'SIU_S12'],
    ['MDM^T10', 'MDM^T10', 'MDM_T02'],
    ['ORU', 'ORU', 'ORU_R01'],
    ['ACK^A01', 'ACK^A01', 'ACK'],
    ['ZAP^Z01', 'ZAP^Z01', 'ZAP_Z01'],
    ['', '', ''],
  ])('%s', (raw, type, structure) => {
    const message = parse(`MSH|^~\\&|||||||${raw}|7|P|2.3^DEU`);
    expect(message).toMatchObject({ type, structure, controlId: '7', version: '2.3' });
  });
});

describe('properties', () => {
  const leaf = fc.string({
    unit: fc.constantFrom('a', ' ', '"', '^', '~', '&', '\\', '|', 'é', '\n'),
  });
  const segments = fc.array(fc.tuple(fc.constantFrom('PID', 'OBX', 'ZZ9'), leaf), { maxLength: 6 });

  it('encode(parse(m)) is m, for every well-formed message', () => {
    fc.assert(
      fc.property(segments, (lines) => {
        const text = [msh, ...lines.map(([name, rest]) => `${name}|${rest}`)].join('\r') + '\r';
        // A LF before a segment's name would be the end of the segment before.
        fc.pre(!/\n[A-Z][A-Z0-9]{2}\|/.test(text));
        expect(encodeMessage(parse(text))).toBe(text);
      }),
    );
  });

  it('any text gives a message or an error, and every place of it answers', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.boolean(),
        (text, withHeader) => {
          const { message, issues } = parseMessage(withHeader ? `MSH|^~\\&|${text}` : text);
          if (!message) expect(issues.some(({ severity }) => severity === 'error')).toBe(true);
          for (const segment of message?.segments ?? []) {
            for (let number = 0; number <= segment.fieldCount + 1; number += 1) {
              const element = segment.field(number);
              for (const one of element.repetitions())
                expect(one.component(1).raw).toBeTypeOf('string');
              expect(element.subcomponent(2).text).toBeTypeOf('string');
            }
          }
        },
      ),
    );
  });
});

describe('texts read without their places', () => {
  const texts = fc.array(
    fc.constantFrom('a', 'b c', '^', '~', '&', '\\', '\\T\\', '\\X0D\\', '""', '"', ''),
    {
      maxLength: 12,
    },
  );

  it('are those of the places', () => {
    const property = fc.property(fc.array(texts, { maxLength: 6 }), fc.nat(7), (fields, number) => {
      const line = ['ZPI', ...fields.map((parts) => parts.join(''))].join('|');
      const segment = parse(`MSH|^~\\&|A||||||ADT^A01\r${line}\r`).segment('ZPI');
      const field = segment?.field(number);
      for (const component of [1, 2, 3]) {
        const place = field?.component(component);
        expect(segment?.text(number, component)).toBe(place?.text);
        expect(field?.partText(component)).toBe(place?.text);
        expect(place?.partText(2)).toBe(place?.subcomponent(2).text);
      }
      expect(segment?.text(number)).toBe(field?.text);
      expect(segment?.hasText(number)).toBe(field?.raw !== '');
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  it('are those of the header, which has its separators for fields', () => {
    const header = parse('MSH|^~\\&|A^B|\r').segments[0];
    expect([1, 2, 3, 4].map((number) => header?.text(number))).toEqual(['|', '^~\\&', 'A', '']);
    expect(header?.text(3, 2)).toBe('B');
    expect([0, 1, 2, 3, 4].map((number) => header?.hasText(number))).toEqual([
      ...[false, true, true, true, false],
    ]);
  });
});
