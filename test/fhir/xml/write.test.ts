import { describe, expect, it } from 'vitest';
import { OutcomeError } from '../../../src/fhir/issue.ts';
import { toXml } from '../../../src/fhir/xml/write.ts';

const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
const xhtml = 'xmlns="http://www.w3.org/1999/xhtml"';

describe('toXml', () => {
  it('writes elements in the order of R4, whatever the order in JSON', () => {
    const patient = {
      resourceType: 'Patient',
      active: false,
      name: [{ family: 'É<&>"' }],
      id: 'p',
    };
    expect(toXml(patient)).toBe(
      `${head}<Patient xmlns="http://hl7.org/fhir"><id value="p"/><active value="false"/>` +
        '<name><family value="É&lt;&amp;&gt;&quot;"/></name></Patient>',
    );
  });

  it('indents', () => {
    expect(toXml({ resourceType: 'Patient', name: [{ id: 'n', family: 'A' }] }, true)).toBe(
      `${head}<Patient xmlns="http://hl7.org/fhir">\n  <name id="n">\n    <family value="A"/>\n  </name>\n</Patient>`,
    );
  });

  it.each([
    [
      `<div ${xhtml}>a&nbsp;&euro;&alpha;&Omega;</div>`,
      `<div ${xhtml}>a&#160;&#8364;&#945;&#937;</div>`,
    ],
    [
      `<div ${xhtml}><a href="?a=1&b=2">x</a></div>`,
      `<div ${xhtml}><a href="?a=1&amp;b=2">x</a></div>`,
    ],
    [`<div ${xhtml}>&nonsense;&lt;</div>`, `<div ${xhtml}>&amp;nonsense;&lt;</div>`],
    ['<div>a</div>', `<div ${xhtml}>a</div>`],
  ])('writes the narrative %s as XML can have it', (div, xml) => {
    expect(toXml({ resourceType: 'Patient', text: { div } })).toContain(xml);
  });

  it.each([
    [{ resourceType: 'Patient', name: [{ family: 'a\u0001' }] }, 'Patient.name[0].family'],
    [{ resourceType: 'Patient', foo: 1 }, 'Patient'],
    [{ resourceType: 'Patient', name: ['a'] }, 'Patient.name[0]'],
    [{ resourceType: 'Patient', active: {} }, 'Patient.active'],
    [{ resourceType: 'Patient', text: { div: `<div ${xhtml}><b></div>` } }, 'Patient.text.div'],
    [
      { resourceType: 'Patient', text: { div: `<div ${xhtml}/><div ${xhtml}/>` } },
      'Patient.text.div',
    ],
    [{ resourceType: 'Nothing' }, undefined],
    [{ items: [] }, undefined],
  ])('refuses %j', (resource, place) => {
    let caught: unknown;
    try {
      toXml(resource);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(OutcomeError);
    const [issue] = (caught as OutcomeError).issues;
    expect(issue.code).toBe('not-acceptable');
    expect(issue.expression).toEqual(place === undefined ? undefined : [place]);
  });
});
