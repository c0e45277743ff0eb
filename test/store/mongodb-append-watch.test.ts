import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { limits } from '../../src/limits.ts';
import { AppendWatch } from '../../src/store/mongodb/append-watch.ts';

/** A server's order document; it offers change streams unless it is told not to. */
class Order {
  position = 0;
  looks = 0;
  readonly streams: (EventEmitter & { close: () => Promise<void> })[] = [];

  readonly findOne = () => {
    this.looks += 1;
    return Promise.resolve({ position: this.position });
  };

  readonly watch = () => {
    const stream = Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
    this.streams.push(stream);
    return stream;
  };

  streamed(): void {
    const updatedFields = { position: this.position };
    const change = { operationType: 'update', updateDescription: { updatedFields } };
    this.streams.at(-1)?.emit('change', change);
  }
}

let order: Order;
let watch: AppendWatch;
let heard: number;
const turn = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  order = new Order();
  watch = new AppendWatch(order as never, 0);
  heard = 0;
});
afterEach(async () => {
  await watch.close();
  vi.useRealTimers();
});

it('tells what a change stream says, once, and nothing that was told already', async () => {
  watch.listen(() => heard++);
  order.position = 3;
  order.streamed();
  await turn();
  watch.announce(3);
  order.streamed();
  await turn();
  expect([heard, order.looks]).toEqual([1, 0]);
});

it('looks seldom beside a stream, and finds what came before it stood', async () => {
  watch.listen(() => heard++);
  order.position = 3;
  await vi.advanceTimersByTimeAsync(limits.mongoStreamCheckMs - 1);
  expect(heard).toBe(0);
  await vi.advanceTimersByTimeAsync(2);
  expect([heard, order.looks]).toEqual([1, 1]);
});

it('looks often where there is no stream, or no more', async () => {
  watch.listen(() => heard++);
  order.streams[0]?.emit('error', new Error('no change streams here'));
  order.position = 3;
  await vi.advanceTimersByTimeAsync(limits.mongoPollMs + 1);
  expect([heard, order.looks]).toEqual([1, 1]);
  await vi.advanceTimersByTimeAsync(limits.mongoPollMs * 4);
  expect([heard, order.looks]).toEqual([1, 5]);
});

it('looks at nothing while nobody listens, and again when somebody does', async () => {
  const stop = watch.listen(() => heard++);
  stop();
  stop();
  await vi.advanceTimersByTimeAsync(limits.mongoStreamCheckMs * 3);
  expect(order.looks).toBe(0);
  watch.listen(() => heard++);
  order.position = 1;
  await vi.advanceTimersByTimeAsync(limits.mongoStreamCheckMs + 1);
  expect([heard, order.streams.length]).toEqual([1, 1]);
});

it('goes on looking when the database is away for a while', async () => {
  watch.listen(() => heard++);
  const { findOne } = order;
  Object.assign(order, { findOne: () => Promise.reject(new Error('away')) });
  await vi.advanceTimersByTimeAsync(limits.mongoStreamCheckMs + 1);
  Object.assign(order, { findOne });
  order.position = 2;
  await vi.advanceTimersByTimeAsync(limits.mongoStreamCheckMs + 1);
  expect(heard).toBe(1);
});
