import { describe, expect, it } from 'vitest';
import { readMapFiles } from '../../src/map-files.ts';
import { documentPack } from '../../src/mapping/doc.ts';
import { compilePack } from '../../src/mapping/pack.ts';

const files = await readMapFiles([
  { folder: 'mappings', shownAs: 'mappings' },
  { folder: 'fixtures/demo-site/mappings', shownAs: 'site' },
]);

describe('the sheets of a pack', () => {
  const { sheet, issues } = documentPack(files, {});
  const rows = [
    ...sheet.maps.flatMap(({ resources }) => resources.flatMap((one) => one.rows)),
    ...sheet.datatypes.flatMap((one) => one.rows),
  ];

  it('have a line for every rule that is compiled, or for what stands in it', () => {
    expect(issues).toEqual([]);
    const { pack } = compilePack(files);
    const shown = new Set(rows.map(({ rule }) => rule));
    const missing = (pack?.maps ?? []).flatMap(({ name, base }) =>
      base.rules.filter(({ name: slot, rule }) => {
        const [resource = '', ...path] = slot.split('.');
        const own = sheet.maps
          .filter((map) => map.name === name || map.events.includes('every message'))
          .flatMap(({ resources }) => resources.filter((one) => one.name === resource));
        const isParent = own.some(({ rows: slots }) =>
          slots.some(({ element }) => element.includes(path.join('.'))),
        );
        return !shown.has(rule) && !isParent;
      }),
    );
    expect(missing).toEqual([]);
  });

  it('name the field, its name, how it is read and when', () => {
    expect(rows).toContainEqual({
      element: 'gender',
      source: 'PID-8',
      fields: 'Administrative Sex',
      how: 'by table AdministrativeSex',
      when: '',
      rule: expect.stringMatching(/^mappings\/segments\/pid-patient\.map\.yaml:\d+$/) as string,
    });
    const dead = rows.filter(({ element }) => element === 'deceased[x]');
    expect(dead.map(({ source, when }) => [source, when])).toContainEqual(['PID-30', 'otherwise']);
  });

  it('write out what is relative to the value at hand', () => {
    const driver = rows.filter(({ rule, element }) => {
      return rule.startsWith('mappings/segments/pid') && element === 'identifier.value';
    });
    expect(driver.map(({ source }) => source)).toContain('PID-20.1');
    expect(rows.filter(({ source }) => source === '.')).toEqual([]);
  });

  it('have every table with its rows, and every setting with its question', () => {
    const sex = sheet.tables.find(({ name }) => name === 'AdministrativeSex');
    expect(sex?.rows).toContainEqual(expect.objectContaining({ from: 'F', to: 'female' }));
    expect(sheet.settings.find(({ name }) => name === 'vipIsOfThePerson')).toMatchObject({
      default: 'false',
      question: expect.stringContaining('PV1-16') as string,
    });
  });

  it('lay the overlays of a feed over the maps, and keep to one map', () => {
    const one = documentPack(files, { map: 'oru-r01', feed: 'lab' }).sheet;
    expect(one.maps.map(({ name }) => name)).toEqual(['oru-r01']);
    expect(one.maps[0]?.overlays).toEqual(['labco']);
    expect(one.tables.map(({ name }) => name)).toContain('LabCoTests');
    expect(documentPack(files, { map: 'none' }).sheet.maps).toEqual([]);
  });
});
