import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { parseXml } from '../../../src/fhir/xml/read.ts';
import { toXml } from '../../../src/fhir/xml/write.ts';
import { resourceArbitrary } from './resource-arbitrary.ts';
import { processorMs } from '../../processor-time.ts';

const pieces = fc.constantFrom(
  '<Patient xmlns="http://hl7.org/fhir">',
  '</Patient>',
  '<name>',
  '</name>',
  '<family value="a"/>',
  '<div xmlns="http://www.w3.org/1999/xhtml">',
  '</div>',
  '<text>',
  '</text>',
  '<contained>',
  '</contained>',
  '<extension url="u">',
  '</extension>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?x',
  '?>',
  '&#0;',
  '&#x110000;',
  '&x;',
  '\u0000',
  '\ud800',
  '"',
  '=',
  '<x:y xmlns:x="">',
  'xmlns:xml="u"',
);

/** Whatever it is given, the reader answers a value or one issue with a place. */
function answers(xml: string): void {
  const { value, issues } = parseXml(xml);
  expect((value === undefined ? 0 : 1) + issues.length).toBe(1);
}

describe('hostile XML', () => {
  it('pieces of XML in any order are read or refused', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 30 }),
        (some) => {
          answers(some.join(''));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('XML with a part cut out, doubled or changed is read or refused', () => {
    const written = resourceArbitrary('Patient').map((resource) => toXml(resource));
    const change = fc.tuple(
      written,
      fc.nat(),
      fc.nat(50),
      fc.oneof(pieces, fc.string({ maxLength: 3 })),
    );
    fc.assert(
      fc.property(change, ([xml, at, length, text]) => {
        const start = at % xml.length;
        answers(xml.slice(0, start) + text + xml.slice(start + length));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      'a million elements',
      `<Patient xmlns="http://hl7.org/fhir">${'<name/>'.repeat(1_000_000)}</Patient>`,
    ],
    [
      'a million open elements',
      `<Patient xmlns="http://hl7.org/fhir">${'<name>'.repeat(1_000_000)}`,
    ],
    [
      'a million attributes',
      `<Patient ${Array.from({ length: 200_000 }, (_, i) => `a${String(i)}=""`).join(' ')}>`,
    ],
    ['a name of a million letters', `<${'a'.repeat(1_000_000)}`],
    [
      'a million references',
      `<Patient xmlns="http://hl7.org/fhir"><id value="${'&amp;'.repeat(1_000_000)}"/></Patient>`,
    ],
    [
      'a million comments',
      `<Patient xmlns="http://hl7.org/fhir">${'<!---->'.repeat(500_000)}</Patient>`,
    ],
    [
      'a number of a million digits',
      `<Observation xmlns="http://hl7.org/fhir"><valueInteger value="${'1'.repeat(1_000_000)}"/></Observation>`,
    ],
    [
      'a narrative of many elements',
      `<Patient xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml">${'<p/>'.repeat(500_000)}</div></text></Patient>`,
    ],
    [
      'a document type that grows',
      '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Patient xmlns="http://hl7.org/fhir"/>',
    ],
  ])('%s takes bounded time', (_what, xml) => {
    expect(xml.length).toBeLessThan(limits.xmlBodyCharsMax);
    const spent = processorMs();
    answers(xml);
    expect(spent()).toBeLessThan(5000);
  });
});
