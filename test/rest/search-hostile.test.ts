import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Forms that are refused, whatever the store. */
const refused: readonly (readonly [path: string, name: string, value: string])[] = [
  ['/Patient', '_filter', '('.repeat(10_000)],
  ['/Patient', '_filter', 'not ('.repeat(3_000)],
  ['/Patient', '_filter', 'link['.repeat(2_000)],
  ['/Patient', '_filter', `${'link.'.repeat(3_000)}name eq a`],
  ['/Provenance', '_filter', `${'target.'.repeat(12)}_id eq a`],
  ['/Patient', '_filter', `${'_has:Provenance:target:'.repeat(300)}_id eq a`],
  ['/Patient', '_filter', `name eq "${'a'.repeat(20_000)}"`],
  ['/Patient', '_filter', `name eq "${'\\'.repeat(9_999)}`],
  ['/Patient', '_filter', `name eq a${' or name eq a'.repeat(1_150)} and`],
  ['/Patient', '_filter', `name eq a${' or name eq a and name eq b'.repeat(500)}`],
  ['/Patient', '_filter', '__proto__ eq 1'],
  ['/Patient', '_filter', 'constructor.name eq 1'],
  ['/Patient', '_filter', 'birthdate eq __proto__'],
  ['/Patient', '_filter', 'birthdate po 2020-13-45'],
  ['/Patient', '_filter', '_has:constructor:a:b eq 1'],
  ['/Patient', '_filter', 'name\u0000 eq 1'],
  ['/Patient', '_filter', "name eq a' OR '1'='1"],
  ['/Patient', '_filter', 'name hasOwnProperty a'],
  ['/Patient', '_filter:constructor', 'name eq a'],
  ['/Patient', '_text', '!'.repeat(1_000_000)],
  ['/Patient', '_text', 'a '.repeat(1_000_000)],
  ['/Patient', '_text', 'a b '.repeat(3_000)],
  ['/Patient', '_content', 'ab '.repeat(10_000)],
  ['/Patient', '_list', Array.from({ length: 5_000 }, (_, n) => `l${String(n)}`).join(',')],
  ['/Patient', '_list', '../../etc'],
  ['/Patient', '_elements', 'a,'.repeat(100_000)],
  ['/Patient', '_elements', `a${'.a'.repeat(10_000)}`],
  ['/Patient', '_elements', '__proto__'],
  ['/Patient', '_summary', 'constructor'],
  ['', '_type', 'Patient,constructor'],
  ['', '_type', '__proto__'],
];

/** Forms that are answered, with nothing: what looks like a pattern or a statement is a text. */
const harmless: readonly (readonly [path: string, name: string, value: string])[] = [
  ['/Patient', '_filter', 'name co ".*"'],
  ['/Patient', '_filter', 'name ew "$"'],
  ['/Patient', '_filter', `name ew "(a+)+${'$'.repeat(50)}"`],
  ['/Patient', '_filter', 'name sw "%"'],
  ['/Patient', '_filter', 'name gt "\u{10ffff}"'],
  ['/Patient', '_filter', 'name eq "\\u0000"'],
  ['/Patient', '_filter', 'name ew "\\ud800"'],
  ['/Patient', '_filter', 'name eq "\'; DROP TABLE resource; --"'],
  ['/Patient', '_filter', 'identifier eq {$gt:""}|{$ne:null}'],
  ['/Patient', '_filter', 'identifier eq \\'],
  ['/Patient', '_text', '$where .* %'],
  ['/Patient', '_text', '\u0000constructor'],
  ['', '_tag', '$where|.*'],
];

describe.each(stores)('hostile searches on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    const div = '<div xmlns="http://www.w3.org/1999/xhtml">words</div>';
    const body = {
      resourceType: 'Patient',
      id: 'ada',
      text: { status: 'generated', div },
      name: [{ family: 'Lovelace' }],
    };
    expect(await fhir.call('PUT', '/Patient/ada', { body })).toMatchObject({ status: 201 });
  });
  afterAll(() => fhir.close());

  const post = (path: string, name: string, value: string) =>
    fhir.call('POST', `${path}/_search`, {
      body: `${name}=${encodeURIComponent(value)}`,
      headers: form,
    });

  it('are refused in time, and say why', async () => {
    for (const [path, name, value] of refused) {
      const began = performance.now();
      const { status, json } = await post(path, name, value);
      const what = `${name}=${value.slice(0, 40)}`;
      expect([what, status]).toEqual([what, 400]);
      expect(json.resourceType).toBe('OperationOutcome');
      expect(performance.now() - began, what).toBeLessThan(2_000);
    }
  });

  it('find nothing where they are texts', async () => {
    for (const [path, name, value] of harmless) {
      const { status, json } = await post(path, name, value);
      expect([value, status, json.total]).toEqual([value, 200, 0]);
    }
    expect(await fhir.call('GET', '/Patient/ada')).toMatchObject({ status: 200 });
  });
});
