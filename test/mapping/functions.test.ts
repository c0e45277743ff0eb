import { describe, expect, it } from 'vitest';
import { mapWith, messageOf, msh, packOf, patientMap } from './pack-fixture.ts';

/** What a call puts into an extension of a Patient made from ZFN. */
function call(
  name: string,
  args: Readonly<Record<string, string>>,
  fields: string,
  type = 'valueString',
): unknown {
  const given = Object.entries(args)
    .map(([key, path]) => `${key}: ${path}`)
    .join(', ');
  const slots = `birthDate: PID-7
out: { at: "extension(urn:x).${type}", call: ${name}${given === '' ? '' : `, args: { ${given} }`} }`;
  const message = messageOf(
    msh('ADT^A01'),
    'PID|||||||1980',
    `ZFN|${fields}`,
    'ERR||PID^1^3||||||a < b',
  );
  const [patient] = mapWith(packOf(patientMap(slots)), message).resources;
  const extension = patient?.resource['extension'] as Record<string, unknown>[] | undefined;
  return extension?.[0]?.[type];
}

const dates = { start: 'ZFN-1', amount: 'ZFN-2', unit: 'ZFN-3' };

describe('functions', () => {
  it.each([
    ['20260329013000+0100|90', '2026-03-29T03:00:00+01:00'],
    ['20260101083000|30|MIN', '2026-01-01T09:00:00+01:00'],
    ['20260101083000-0530|2|H', '2026-01-01T10:30:00-05:30'],
    ['20260101083000|1|day', '2026-01-02T08:30:00+01:00'],
    ['20260101|30', undefined],
    ['20260101083000||MIN', undefined],
    ['20260101083000|5|furlong', undefined],
  ])('addDuration of %s', (fields, value) => {
    expect(call('addDuration', dates, fields, 'valueDateTime')).toBe(value);
  });

  it.each([
    ['20260101083000|20260101091500', 45],
    ['20260101083000|20260101083000', undefined],
    ['x|20260101', undefined],
  ])('duration of %s', (fields, value) => {
    expect(call('duration', { start: 'ZFN-1', end: 'ZFN-2' }, fields, 'valuePositiveInt')).toBe(
      value,
    );
  });

  it('lower, upper, concat', () => {
    expect(call('lower', { of: 'ZFN-1' }, 'ABC')).toBe('abc');
    expect(call('upper', { of: 'ZFN-1' }, 'abc')).toBe('ABC');
    expect(call('concat', { a: 'ZFN-1', b: '{ const: "-" }', c: 'ZFN-2' }, 'a|b')).toBe('a-b');
    expect(call('concat', { a: 'ZFN-1', b: 'ZFN-2' }, 'a')).toBeUndefined();
  });

  it('authority, sender, codeSystem, messageUri', () => {
    expect(call('authority', { of: 'MSH-6' }, '', 'valueUri')).toBe('urn:authority:HUB');
    expect(call('sender', {}, '', 'valueUri')).toBe('urn:authority:MERCY');
    expect(call('codeSystem', { of: 'ZFN-1' }, 'LN', 'valueUri')).toBe('http://loinc.org');
    expect(call('messageUri', {}, '', 'valueUri')).toBe('urn:weir:feed:lab#MSG1');
    expect(call('fileUri', { of: 'ZFN-1' }, 'https://x.example/a.pdf', 'valueUrl')).toBe(
      'https://x.example/a.pdf',
    );
  });

  it('textHtml escapes what HTML would read', () => {
    const files = patientMap(
      'birthDate: PID-7\ntext: { set: { status: { const: generated }, div: { call: textHtml, args: { of: ZFN-1 } } } }',
    );
    const message = messageOf(msh('ADT^A01'), 'PID|||||||1980', 'ZFN|a < b');
    expect(mapWith(packOf(files), message).resources[0]?.resource['text']).toEqual({
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml">a &lt; b</div>',
    });
  });
});
