import { expect, it } from 'vitest';
import { unmappedPrefix } from '../../src/feed/worklist.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { codeOf, frame, processorOn, text } from './pipeline-fixture.ts';

it('many messages about different people that meet in one tally all come through', async () => {
  const store = openMemoryStore();
  const { processor } = processorOn(store);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => {
      const id = `m${String(index)}`;
      const said = text(frame({ id, ids: `${id}^^^MERCY^MR` }));
      const withCode = said.replace('^Maria||||||||', '^Maria|||X|||||');
      return processor.onFrame({ bytes: Buffer.from(withCode), peer: '127.0.0.1' });
    }),
  );
  expect(new Set(answers.map((answer) => codeOf(text(answer))))).toEqual(new Set(['AA']));
  const tallies = await store.states(unmappedPrefix);
  expect(tallies.map(({ value }) => (JSON.parse(value) as { count: number }).count)).toEqual([200]);
});
