import { describe, expect, it } from 'vitest';
import { narrativeFault } from '../../src/fhir/narrative.ts';
import { validateResource } from '../../src/fhir/validate.ts';

const xhtml = 'xmlns="http://www.w3.org/1999/xhtml"';

const wrong: readonly (readonly [name: string, div: string])[] = [
  ['a script in the narrative', `<div ${xhtml}><script>alert(1)</script></div>`],
  ['an event handler in the narrative', `<div ${xhtml}><b onclick="x()">a</b></div>`],
  ['a script address in the narrative', `<div ${xhtml}><a href=" javascript:x()">a</a></div>`],
  ['a narrative that is no div', `<p ${xhtml}>a</p>`],
  ['a narrative without content', `<div ${xhtml}> <p/> </div>`],
  ['a narrative that is not well-formed', `<div ${xhtml}><b>a</div></b>`],
  ['a narrative that does not end', `<div ${xhtml}><b>a</b>`],
  ['a narrative that goes on', `<div ${xhtml}>a</div><div>b</div>`],
  ['a narrative with a bare ampersand', `<div ${xhtml}>a & b</div>`],
  ['a narrative of another namespace', '<div xmlns="http://e">a</div>'],
  ['no tag at all', 'text'],
  ['an attribute without quotes', `<div ${xhtml}><b class=a>a</b></div>`],
  ['an object element', `<div ${xhtml}>a<object data="x"/></div>`],
];

const right: readonly (readonly [name: string, div: string])[] = [
  [
    'a full narrative',
    `<div ${xhtml} class='a'><!-- c --><p>a &amp; b<br/></p><img src="#x" alt="x"/></div>`,
  ],
  ['an image alone', `<div ${xhtml}><img src="a.png" alt="a"/></div>`],
  ['a character reference', `<div ${xhtml}>&#160;&#x1F600;&nbsp;</div>`],
];

describe('narrativeFault', () => {
  it.each(wrong)('finds %s', (_name, div) => {
    expect(narrativeFault(div)?.code).toBe('invariant');
  });

  it.each(right)('accepts %s', (_name, div) => {
    expect(narrativeFault(div)).toBeUndefined();
  });

  it('is asked by validation', () => {
    const text = { status: 'generated', div: `<div ${xhtml}><script/></div>` };
    expect(validateResource({ resourceType: 'Patient', text })).toMatchObject([
      { code: 'invariant', expression: ['Patient.text.div'] },
    ]);
  });

  it('takes a megabyte in its stride', () => {
    const div = `<div ${xhtml}>${'<p>a</p>'.repeat(100_000)}${'&amp;'.repeat(50_000)}</div>`;
    expect(narrativeFault(div)).toBeUndefined();
    expect(narrativeFault(`<div ${xhtml}>${'<b '.repeat(100_000)}`)).toBeDefined();
  });
});
