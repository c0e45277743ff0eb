import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { every } from '../../src/ops/every.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('passes a time over while the work is under way, and goes on after it', async () => {
  const ends: (() => void)[] = [];
  const stop = every(
    10,
    () => new Promise<void>((resolve) => ends.push(resolve)),
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(35);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(10);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await stop();
});

it('tells what is under way to stop, and waits for it', async () => {
  let seen: AbortSignal | undefined;
  let isEnded = false;
  const stop = every(
    10,
    (stopping) =>
      new Promise<void>((resolve) => {
        seen = stopping;
        stopping.addEventListener('abort', () => {
          isEnded = true;
          resolve();
        });
      }),
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(10);
  expect(seen?.aborted).toBe(false);
  await stop();
  expect(isEnded).toBe(true);
  await vi.advanceTimersByTimeAsync(100);
  expect(vi.getTimerCount()).toBe(0);
});

it('tells of a fault, and goes on', async () => {
  const faults: unknown[] = [];
  const stop = every(
    10,
    () => Promise.reject(new Error('no')),
    (error) => faults.push(error),
  );
  await vi.advanceTimersByTimeAsync(25);
  await stop();
  expect(faults).toHaveLength(2);
});
