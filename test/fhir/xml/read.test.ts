import { describe, expect, it } from 'vitest';
import { stringify } from '../../../src/fhir/json.ts';
import { parseXml } from '../../../src/fhir/xml/read.ts';

const xmlns = 'xmlns="http://hl7.org/fhir"';
const xhtml = 'xmlns="http://www.w3.org/1999/xhtml"';

function patient(content: string): string {
  return `<Patient ${xmlns}>${content}</Patient>`;
}

describe('parseXml', () => {
  it.each([
    [
      'values, lists and their halves',
      patient(
        '<id value="p"/><active value="true"/><name><given value="A"/><given id="g"><extension url="u">' +
          '<valueCode value="c"/></extension></given></name>',
      ),
      {
        resourceType: 'Patient',
        id: 'p',
        active: true,
        name: [
          {
            given: ['A', null],
            _given: [null, { id: 'g', extension: [{ url: 'u', valueCode: 'c' }] }],
          },
        ],
      },
    ],
    [
      'a prefix, a declaration, comments, instructions, CDATA of white space',
      `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet href="x"?><!-- c --><f:Patient xmlns:f="http://hl7.org/fhir" ` +
        `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"><!-- d -->\n<f:id value="p"/></f:Patient>`,
      { resourceType: 'Patient', id: 'p' },
    ],
    [
      'a narrative as it stands, line ends as XML has them',
      patient(
        `<text><status value="generated"/><div ${xhtml}>a\r\n<b class='x'>&lt;&#160;</b></div></text>`,
      ),
      {
        resourceType: 'Patient',
        text: { status: 'generated', div: `<div ${xhtml}>a\n<b class='x'>&lt;&#160;</b></div>` },
      },
    ],
    [
      'contained resources',
      patient(
        '<contained><Patient><id value="c"/></Patient></contained><contained><Basic/></contained>',
      ),
      {
        resourceType: 'Patient',
        contained: [{ resourceType: 'Patient', id: 'c' }, { resourceType: 'Basic' }],
      },
    ],
    [
      'characters by number and name',
      patient('<id value="&#x41;&amp;&quot;&#10;&#128512;"/>'),
      { resourceType: 'Patient', id: 'A&"\n😀' },
    ],
  ])('reads %s', (_what, xml, json) => {
    expect(parseXml(xml)).toEqual({ value: json, issues: [] });
  });

  it('keeps the digits of a number', () => {
    const xml = `<Observation ${xmlns}><valueQuantity><value value="1.00"/></valueQuantity></Observation>`;
    expect(stringify(parseXml(xml).value)).toContain('"valueQuantity":{"value":1.00}');
  });

  it.each([
    ['', 'syntax-xml', undefined],
    ['{"resourceType":"Patient"}', 'syntax-xml', undefined],
    ['<Patient', 'syntax-xml', undefined],
    [`<Patient ${xmlns}>`, 'syntax-xml', undefined],
    [
      `<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>${patient('<id value="&x;"/>')}`,
      'syntax-xml',
      undefined,
    ],
    [patient('<id value="&nbsp;"/>'), 'syntax-xml', undefined],
    [patient('<id value="a" value="b"/>'), 'syntax-xml', undefined],
    [`<?xml version="1.1"?>${patient('')}`, 'syntax-xml', undefined],
    [`<?xml version="1.0" encoding="ISO-8859-1"?>${patient('')}`, 'syntax-xml', undefined],
    ['<Patient/>', 'structure', undefined],
    [`<Patient xmlns="http://hl7.org/fhirx"/>`, 'structure', undefined],
    [`<Nothing ${xmlns}/>`, 'structure', undefined],
    [`<Resource ${xmlns}/>`, 'structure', undefined],
    [`<HumanName ${xmlns}/>`, 'structure', undefined],
    [patient('<foo value="a"/>'), 'structure', 'Patient'],
    [patient('<constructor value="a"/>'), 'structure', 'Patient'],
    [patient('<__proto__ value="a"/>'), 'structure', 'Patient'],
    [patient('<resourceType value="Patient"/>'), 'structure', 'Patient'],
    [
      patient('<name/><name><family value="a" x="b"/></name>'),
      'structure',
      'Patient.name[1].family',
    ],
    [
      patient('<name><family value="a"><family value="b"/></family></name>'),
      'structure',
      'Patient.name[0].family',
    ],
    [patient('<name><id value="a"/></name>'), 'structure', 'Patient.name[0]'],
    [patient('<name value="a"/>'), 'structure', 'Patient.name[0]'],
    [patient('<name>text</name>'), 'structure', 'Patient.name[0]'],
    [patient('<name><![CDATA[text]]></name>'), 'structure', 'Patient.name[0]'],
    [patient('<active/>'), 'structure', 'Patient.active'],
    [patient('<active value="true"/><active value="true"/>'), 'structure', 'Patient'],
    [patient('<active value="yes"/>'), 'value', 'Patient.active'],
    [patient('<multipleBirthInteger value="+1"/>'), 'value', 'Patient.multipleBirth'],
    [patient('<multipleBirthInteger value="1 "/>'), 'value', 'Patient.multipleBirth'],
    [patient('<contained/>'), 'structure', 'Patient.contained[0]'],
    [patient('<contained><Patient/><Patient/></contained>'), 'structure', 'Patient.contained[0]'],
    [patient('<contained><Nothing/></contained>'), 'structure', 'Patient.contained[0]'],
    [patient('<text><div>a</div></text>'), 'structure', 'Patient.text'],
    [
      patient(`<text><div ${xhtml}>a</div><div ${xhtml}>b</div></text>`),
      'structure',
      'Patient.text',
    ],
    [
      patient('<extension url="u"><url value="v"/></extension>'),
      'structure',
      'Patient.extension[0]',
    ],
    [patient('<contained><Patient>'.repeat(100)), 'limit', undefined],
    [patient(`<text><div ${xhtml}>${'<b>'.repeat(100)}`), 'limit', 'Patient.text.div'],
    [
      patient(`<name ${Array.from({ length: 99 }, (_, i) => `a${String(i)}="b"`).join(' ')}/>`),
      'limit',
      'Patient',
    ],
  ])('refuses %j with %s at %s', (xml, code, place) => {
    const { value, issues } = parseXml(xml);
    expect(value).toBeUndefined();
    expect(issues).toHaveLength(1);
    expect(issues[0]?.code).toBe(code);
    if (place !== undefined) expect(issues[0]?.expression).toEqual([place]);
    expect(issues[0]?.diagnostics).toMatch(/line \d+, column \d+$/);
  });

  it('says the line and column of what is wrong', () => {
    const { issues } = parseXml(`<Patient ${xmlns}>\n  <id value="p"/>\n  <foo/>\n</Patient>`);
    expect(issues[0]?.diagnostics).toContain('line 3, column 8');
  });
});
