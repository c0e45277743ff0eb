import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/hl7v2/parse.ts';
import type { Element, Message } from '../../../src/hl7v2/message.ts';
import { formatPosition } from '../../../src/hl7v2/path.ts';
import { readXmlMessage } from '../../../src/hl7v2/xml/read.ts';
import { writeXmlMessage } from '../../../src/hl7v2/xml/write.ts';
import { readSamples } from '../../property/hostile-arbitrary.ts';

/** Every valued leaf with its place: what a message says, however it is written. */
function said(message: Message): readonly string[] {
  return message.segments.flatMap((segment) =>
    Array.from({ length: segment.fieldCount }, (_, index) => segment.field(index + 1)).flatMap(
      (field) =>
        segment.name === 'MSH' && (field.position.field ?? 0) <= 2
          ? []
          : field.repetitions().flatMap((repetition) => leaves(repetition, message)),
    ),
  );
}

function leaves(repetition: Element, { encoding }: Message): readonly string[] {
  const count = (text: string, separator: string): number =>
    separator === '' ? 1 : text.split(separator).length;
  const numbers = (length: number) => Array.from({ length }, (_, index) => index + 1);
  return numbers(count(repetition.raw, encoding.component)).flatMap((at) => {
    const component = repetition.component(at);
    return numbers(count(component.raw, encoding.subcomponent)).flatMap((below) => {
      const leaf = component.subcomponent(below);
      const { segment, segmentIndex, field } = leaf.position;
      const place = formatPosition({ segment, segmentIndex, ...(field ? { field } : {}) });
      const where = `${place}[${String(repetition.position.repetition ?? 0)}].${String(at)}.${String(below)}`;
      return leaf.raw === '' ? [] : [`${where} ${leaf.state} ${leaf.text}`];
    });
  });
}

function read(text: string): Message {
  const { message } = parseMessage(text);
  if (message === undefined) throw new Error('No message');
  return message;
}

function through(message: Message): Message {
  const { er7, issues } = readXmlMessage(Buffer.from(writeXmlMessage(message)));
  expect(issues).toEqual([]);
  return read(er7 ?? '');
}

describe('ER7 to v2 XML and back', () => {
  it.each(readSamples().map(({ file, text }) => [file, text] as const))('%s', (_, text) => {
    const message = read(text);
    if (message.segments.some(({ name }) => !/^[A-Z][A-Z0-9]{2}$/.test(name))) return;
    expect(said(through(message))).toEqual(said(message));
  });

  it.each([
    [
      'every escape',
      'A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F\\P\\|\\.br\\|\\H\\x\\N\\|\\.sp+3\\|\\X0D0A\\|\\Zab\\',
    ],
    ['lone marks and unknown sequences', 'C:\\temp|a\\b\\c|\\|\\q\\|\\.xx'],
    ['null, repetitions, subcomponents', '""|a^""^b|x~y~""|a&b&c^d&""'],
    ['characters of XML', '<a> & "b" \'c\'|]]>|&amp;|é漢😀'],
  ])('%s', (_, fields) => {
    const message = read(`MSH|^~\\&|A|B|C|D|2024||ADT^A08|1|P|2.5\rZZZ|${fields}\r`);
    expect(said(through(message))).toEqual(said(message));
  });

  it('keeps other separators, and none that cannot be', () => {
    const odd = read('MSH!@+?$!A!B!C!D!2024!!ADT@A08!1!P!2.5\rPID!!!1@@@X$Y$ISO!!a?S?b+c\r');
    const back = through(odd);
    expect(back.encoding).toEqual(odd.encoding);
    expect(said(back)).toEqual(said(odd));
  });

  it('any texts in any places', () => {
    const leaf = fc.string({ unit: 'grapheme', maxLength: 8 });
    const place = fc.record({
      field: fc.integer({ min: 1, max: 30 }),
      component: fc.integer({ min: 1, max: 12 }),
      leaf,
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), (places) => {
        const fields = new Map<number, Map<number, string>>();
        for (const each of places) {
          const parts = fields.get(each.field) ?? new Map<number, string>();
          fields.set(each.field, parts.set(each.component, each.leaf));
        }
        const escape = (text: string): string =>
          text
            .replaceAll('&', '&amp;')
            .replaceAll('<', '&lt;')
            .replaceAll('>', '&gt;')
            .replaceAll('\r', '&#13;');
        const body = [...fields].map(
          ([field, parts]) =>
            `<PID.${field}>${[...parts].map(([c, text]) => `<CX.${c}>${escape(text)}</CX.${c}>`).join('')}</PID.${field}>`,
        );
        const head = '<MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>';
        const xml = `<ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH>${head}</MSH><PID>${body.join('')}</PID></ADT_A01>`;
        const { er7 } = readXmlMessage(Buffer.from(xml));
        const pid = read(er7 ?? '').segment('PID');
        for (const [field, parts] of fields) {
          for (const [component, text] of parts) {
            const found = pid?.field(field).component(component);
            const want = text === '""' ? '' : text;
            expect(found?.text).toBe(want);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
