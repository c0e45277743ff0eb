import { expect, it } from 'vitest';
import { loopTurn } from '../../src/ops/loop-turn.ts';

it('each who waits has a turn of the event loop of its own, in the order in which they came', async () => {
  let [turn, isOver] = [0, false];
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const had: (readonly [who: number, turn: number])[] = [];
  await Promise.all(
    [1, 2, 3, 4].map(async (who) => {
      await loopTurn();
      had.push([who, turn]);
    }),
  );
  isOver = true;
  expect(had.map(([who]) => who)).toEqual([1, 2, 3, 4]);
  expect(new Set(had.map(([, at]) => at)).size).toBe(4);
});

it('who comes while another has its turn has the next', async () => {
  const said: string[] = [];
  const one = loopTurn().then(() => {
    said.push('one');
    return loopTurn().then(() => said.push('one again'));
  });
  const two = loopTurn().then(() => said.push('two'));
  await Promise.all([one, two]);
  await loopTurn();
  expect(said).toEqual(['one', 'two', 'one again']);
});
