import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { effectKeys } from '../../src/mapping/language/read-effect.ts';
import { messageKeys } from '../../src/mapping/language/read-message.ts';
import { resourceKeys } from '../../src/mapping/language/read-resource.ts';
import { slotKeys } from '../../src/mapping/language/read-slot.ts';
import { readMapFiles } from '../../src/map-files.ts';
import { cases } from './planted-faults.ts';

interface Schema {
  readonly $defs: Readonly<Record<string, { readonly properties?: object }>>;
}

const schema = JSON.parse(await readFile('mappings/schema/map.schema.json', 'utf8')) as Schema;
// `required` beside `if` names keys that other branches define.
const validate = new Ajv({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
}).compile(schema);

const pack = await readMapFiles([{ folder: 'mappings', shownAs: 'mappings' }]);

describe('the schema for editors', () => {
  it.each(pack.map(({ path, text }) => [path, text]))('accepts %s', (_path, text) => {
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('knows the same keys as the checker', () => {
    const keysOf = (name: string): string[] =>
      Object.keys(schema.$defs[name]?.properties ?? {}).sort();
    expect(keysOf('slotBody')).toEqual([...slotKeys].sort());
    expect(keysOf('message')).toEqual([...messageKeys].sort());
    expect(keysOf('resource')).toEqual([...resourceKeys, 'use'].sort());
    expect(keysOf('effect')).toEqual([...effectKeys].sort());
  });

  it.each([
    'unknown key of a message map',
    'unknown key of a resource',
    'unknown verb',
    'no version',
    'no events',
    'bad map name',
    'bad choice of a key',
    'bad required',
    'a slot that is a list',
    'table without else',
    'table without rows',
    'table row without a code',
    'ignore without a reason',
    'ignore of what is no field',
    'setting without default',
    'unpinned base',
    'overlay without base',
    'no kind',
  ])('refuses %s', (name) => {
    const refused = Object.values(cases[name] ?? {}).filter((text) => !validate(parse(text)));
    expect(refused).toHaveLength(1);
  });

  it('names the key that is wrong, not every form that it could have had', () => {
    validate(parse(Object.values(cases['unknown verb'] ?? {})[0] ?? ''));
    const last = validate.errors?.map(({ instancePath, params }) => [instancePath, params]);
    expect(last).toContainEqual(['/resources/patient/set/name', { additionalProperty: 'form' }]);
  });
});
