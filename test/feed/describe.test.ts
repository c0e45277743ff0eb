import { describe, expect, it } from 'vitest';
import { describeMessage } from '../../src/feed/describe.ts';
import { explainMessage } from '../../src/feed/explain.ts';
import type { MapMessage } from '../../src/feed/map-message.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { processorOn } from './pipeline-fixture.ts';

describe('a message as it is shown', () => {
  it('is masked unless it is asked for otherwise, and keeps its shape', async () => {
    const store = openMemoryStore();
    const { send } = processorOn(store);
    await send({ id: 'C1', phone: '555-0199', extra: ['NTE|1||call her sister', 'ZPI|1|SECRET'] });
    const masked = await describeMessage(store, 'C1');
    const open = await describeMessage(store, 'C1', { unmask: true });
    expect([masked?.masked, open?.masked]).toEqual([true, false]);
    expect(open?.raw).toContain('PID|1||M1^^^MERCY^MR||Alvarez^Maria||||||||555-0199');
    expect(masked?.raw.split('\n')).toEqual([
      'MSH|^~\\&|EHR|MERCY|WEIR|HUB|202605011000||ADT^A08|C1|P|2.5.1',
      'EVN||202605011000',
      'PID|1||x9^^^xxxxx^xx||xxxxxxx^xxxxx||||||||999-9999',
      'NTE|1||xxxx xxx xxxxxx',
      'ZPI|9|xxxxxx',
    ]);
    expect(JSON.stringify(masked)).not.toMatch(/Alvarez|Maria|555-0199|sister|SECRET/);
    expect(JSON.stringify(open)).toMatch(/Alvarez/);
    expect(await describeMessage(store, 'none')).toBeUndefined();
  });

  it('is explained by the maps of now beside what was found then', async () => {
    const { pipeline, send } = processorOn(openMemoryStore());
    await send({ id: 'C1' });
    const map: MapMessage = (...given) => ({ ...pipeline.map(...given), map: 'hand@2' });
    const explained = await explainMessage({ ...pipeline, map }, 'C1');
    expect(explained).toMatchObject({
      ...{ entry: { controlId: 'C1' }, then: { map: 'hand@1' }, now: { map: 'hand@2' } },
      elements: [{ target: 'patient.birthDate', source: 'PID-7', rule: 'pid.map.yaml:12' }],
    });
    expect(JSON.stringify(explained)).not.toContain('Alvarez');
    expect(await explainMessage(pipeline, 'none')).toBeUndefined();
  });
});
