import { expect, it } from 'vitest';
import { openMaps } from '../../src/cli/maps.ts';
import { mapBytes } from '../../src/cli/map-message.ts';
import { explain } from '../../src/mapping/explain.ts';

const message = [
  'MSH|^~\\&|EHR|MERCY|WEIR|HUB|20260101083000+0100||ADT^A08|1|P|2.5.1',
  'EVN||20260101083000',
  'PID|1||1^^^MERCY^MR||Doe^Jane||19800203|F',
].join('\r');

it('every element says which field, rule and table row made it, and every rule is a line of a file', async () => {
  const { pack, feeds } = await openMaps({ site: '', zone: 'UTC' });
  if (pack === undefined) throw new Error('The base pack has faults');
  const mapping = { pack, feeds, receivedAt: new Date(0) };
  const { reading, result } = mapBytes(Buffer.from(message), mapping);
  if (result === undefined || reading.message === undefined) throw new Error('Not mapped');
  const [patient] = explain(result, reading.message);
  expect(patient).toMatchObject({ name: 'patient', type: 'Patient' });
  const of = (path: string) => patient?.elements.find(({ element }) => element === path);
  expect(of('birthDate')).toMatchObject({
    value: '1980-02-03',
    source: 'PID-7',
    said: '19800203',
  });
  expect(of('gender')).toMatchObject({
    value: 'female',
    said: 'F',
    table: expect.stringContaining('AdministrativeSex[F]') as string,
  });
  expect(of('name[0]')?.value).toMatchObject({ family: 'Doe' });
  expect(of('active')).not.toHaveProperty('source');
  for (const { rule } of patient?.elements ?? []) expect(rule).toMatch(/^mappings\/.*\.yaml:\d+$/);
});
