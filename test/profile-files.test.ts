import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validateResource } from '../src/fhir/validate.ts';
import { limits } from '../src/limits.ts';
import { readProfileFiles } from '../src/profile-files.ts';
import { openSite } from '../src/site.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-profiles-'));
  for (const name of ['base', 'own']) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

const marital = {
  resourceType: 'SearchParameter',
  url: 'http://example.org/SearchParameter/marital',
  status: 'active',
  code: 'marital',
  base: ['Patient'],
  type: 'token',
  expression: 'Patient.maritalStatus',
};

function write(path: string, content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(folder, path), text);
}

function read() {
  return readProfileFiles([
    { folder: join(folder, 'base'), shownAs: 'profiles' },
    { folder: join(folder, 'own'), shownAs: 'site/profiles' },
  ]);
}

describe('profiles/', () => {
  it('gives the active search parameters of all folders', async () => {
    write('base/a.json', marital);
    write('base/CodeSystem-x.json', { resourceType: 'CodeSystem', url: 'http://example.org/x' });
    write('base/notes.txt', 'no JSON');
    const other = { ...marital, url: 'http://example.org/other', code: 'other' };
    write('own/b.json', other);
    write('own/c.json', { ...marital, url: 'http://example.org/c', code: 'c', status: 'draft' });
    const { parameters, faults } = await read();
    expect(faults).toEqual([]);
    expect(parameters.map(({ code }) => code)).toEqual(['marital', 'other']);
  });

  it.each([
    [{ resource: 'Patient' }, undefined],
    [{ resource: 'Patient', supportedInteraction: ['delete'] }, undefined],
    [{ resource: 'Patient', supportedInteraction: ['read'] }, /supportedInteraction/],
    [{ resource: 'Nonsense' }, /resource type of R4/],
    [{ resource: 'Patient', fhirPathCriteria: 'true' }, /fhirPathCriteria is not offered/],
    [{ resource: 'Patient', queryCriteria: { current: 'active=true' } }, undefined],
    [{ resource: 'Patient', queryCriteria: { previous: 'a=b' } }, /previous is not offered/],
    [{ resource: 'Patient', queryCriteria: { current: '' } }, /is a search/],
    [undefined, /one resourceTrigger/],
  ])('takes a SubscriptionTopic with the trigger %j, or says why not', async (trigger, fault) => {
    write('own/topic.json', {
      ...{ resourceType: 'SubscriptionTopic', url: 'http://example.org/t', status: 'active' },
      ...(trigger === undefined ? {} : { resourceTrigger: [trigger] }),
    });
    const { conformance, faults } = await read();
    expect(conformance).toHaveLength(fault === undefined ? 1 : 0);
    if (fault === undefined) expect(faults).toEqual([]);
    else expect(faults.join()).toMatch(fault);
  });

  it('lets the site replace a parameter of the program, and switch it off', async () => {
    write('base/a.json', marital);
    write('own/mine.json', {
      ...marital,
      type: 'string',
      expression: 'Patient.maritalStatus.text',
    });
    expect((await read()).parameters).toMatchObject([{ code: 'marital', type: 'string' }]);
    write('own/mine.json', { ...marital, status: 'retired' });
    expect(await read()).toMatchObject({ parameters: [], faults: [] });
  });

  const faulty: readonly [string, unknown, RegExp][] = [
    ['no JSON', '{"resourceType":', /^site\/profiles\/f\.json: Not JSON from line 1/],
    ['a list', '[]', /^site\/profiles\/f\.json: is no FHIR resource/],
    ['a key twice', '{"resourceType":"Basic","id":"1","id":"2"}', /f\.json: .*twice/],
    ['another status', { ...marital, status: 'on' }, /f\.json: status is active, draft/],
    ['no status', { ...marital, status: undefined }, /f\.json: status is active, draft/],
    ['no code', { ...marital, code: undefined }, /f\.json: .*marital: a code is .* \(code\)/],
    ['no url', { ...marital, url: undefined }, /f\.json: .*a url is needed \(url\)/],
    ['an unknown element', { ...marital, expression: 'Patient.nmae' }, /no element Patient\.nmae/],
    ['a taken code', { ...marital, code: 'name' }, /f\.json: .*FHIR R4 has .* name for Patient/],
    ['a type that is none', { ...marital, base: ['Patiemt'] }, /f\.json: .*\(base\)/],
    ['too much', ' '.repeat(limits.profileFileBytesMax + 1), /profileFileBytesMax/],
  ];
  it.each(faulty)('names the file that has %s', async (_title, content, expected) => {
    write('base/good.json', { ...marital, url: 'http://example.org/good', code: 'good' });
    write('own/f.json', content);
    const { faults } = await read();
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(expected);
  });

  it('with a fault stop the start of a site', async () => {
    mkdirSync(join(folder, 'profiles'));
    write('profiles/f.json', { ...marital, expression: 'Patient.nmae' });
    const opening = openSite({ root: process.cwd(), folder, zone: 'UTC' });
    await expect(opening).rejects.toThrow(/profiles\/f\.json: .*Patient\.nmae/);
  });

  it('gives profiles and terminology to the interface, and the maps of the pack as ConceptMaps', async () => {
    mkdirSync(join(folder, 'profiles'));
    const own = { resourceType: 'StructureDefinition', url: 'urn:p', type: 'Patient' };
    write('profiles/p.json', own);
    const { conformance } = await openSite({ root: process.cwd(), folder, zone: 'UTC' });
    expect(conformance).toContainEqual(own);
    const urls = conformance.map(({ url }) => url);
    expect(urls).toContain('https://weir.dev/fhir/CodeSystem/channel');
    const sex = conformance.find(({ url }) => String(url).endsWith('/administrative-sex'));
    expect(sex).toMatchObject({
      resourceType: 'ConceptMap',
      group: [
        {
          source: 'http://terminology.hl7.org/CodeSystem/v2-0001',
          target: 'http://hl7.org/fhir/administrative-gender',
          unmapped: { mode: 'fixed', code: 'unknown' },
        },
      ],
    });
    expect(JSON.stringify(sex)).toContain(
      '{"code":"F","target":[{"code":"female","equivalence":"equivalent"}]}',
    );
    expect(JSON.stringify(sex)).toContain(
      '{"code":"A","target":[{"code":"other","equivalence":"wider"}]}',
    );
    const maps = conformance.filter(({ resourceType }) => resourceType === 'ConceptMap');
    expect(maps.length).toBeGreaterThan(25);
    for (const map of maps) {
      expect([map['url'], validateResource(map)]).toEqual([map['url'], []]);
    }
  });

  it.each([['no url', { resourceType: 'ValueSet', status: 'active' }]])(
    'names the conformance resource that has %s',
    async (_what, resource) => {
      write('own/f.json', resource);
      expect((await read()).faults).toEqual(['site/profiles/f.json: a ValueSet needs a url']);
    },
  );
});
