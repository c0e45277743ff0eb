import { expect, it } from 'vitest';
import { freshnessKey, type Freshness } from '../../src/record/freshness.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { codeOf, processorOn, type Said } from './pipeline-fixture.ts';

it('a message that is stale as a whole says that its source speaks, and not that it told anything', async () => {
  const store = openMemoryStore();
  const { send } = processorOn(store);
  const at = async (): Promise<readonly string[]> => {
    const { source } = await only();
    const entry = await store.state(freshnessKey(source));
    const { lastEventAt, lastControlId } = JSON.parse(entry?.value ?? '{}') as Freshness;
    return [lastEventAt, lastControlId];
  };
  const only = async (): Promise<Freshness> => {
    const [entry] = await store.states(freshnessKey(''));
    return JSON.parse(entry?.value ?? '{}') as Freshness;
  };
  const said = async (message: Said): Promise<void> => {
    expect(codeOf(await send(message))).toBe('AA');
  };
  await said({ id: 'm1', at: '202605011000' });
  const [first] = await at();
  expect(first).toBe('2026-05-01T10:00:00.000Z');
  await said({ id: 'm2', at: '202604011000', phone: '555-9' });
  expect(await at()).toEqual([first, 'm2']);
  await said({ id: 'm3', at: '202605011030', phone: '555-8' });
  expect(await at()).toEqual(['2026-05-01T10:30:00.000Z', 'm3']);
});
