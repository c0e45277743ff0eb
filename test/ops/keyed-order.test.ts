import { describe, expect, it } from 'vitest';
import { KeyedOrder } from '../../src/ops/keyed-order.ts';

/** Work that ends when told to, and a log of what began and ended. */
function workbench() {
  const log: string[] = [];
  const release = new Map<string, () => void>();
  const work = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await new Promise<void>((resolve) => release.set(name, resolve));
    log.push(`${name} ends`);
    return name;
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const end = async (name: string): Promise<void> => {
    release.get(name)?.();
    await settle();
  };
  return { log, work, end, settle };
}

describe('I3: order per key, parallel across keys', () => {
  it('lets work of one key wait, and other work not', async () => {
    const { log, work, end, settle } = workbench();
    const order = new KeyedOrder(10);
    const all = [
      order.run(['a'], work('a1')),
      order.run(['a'], work('a2')),
      order.run(['b'], work('b1')),
    ];
    await settle();
    expect(log).toEqual(['a1 begins', 'b1 begins']);
    await end('a1');
    expect(log.slice(2)).toEqual(['a1 ends', 'a2 begins']);
    await end('a2');
    await end('b1');
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1']);
  });

  it('takes a place in all keys of a merge at once', async () => {
    const { log, work, end, settle } = workbench();
    const order = new KeyedOrder(10);
    const all = [
      order.run(['a'], work('a1')),
      order.run(['b', 'a'], work('merge')),
      order.run(['b'], work('b1')),
      order.run(['a', 'b'], work('last')),
    ];
    await settle();
    expect(log).toEqual(['a1 begins']);
    for (const name of ['a1', 'merge', 'b1', 'last']) await end(name);
    expect(log.filter((line) => line.endsWith('begins'))).toEqual([
      'a1 begins',
      'merge begins',
      'b1 begins',
      'last begins',
    ]);
    await Promise.all(all);
  });

  it('goes on after work that failed', async () => {
    const order = new KeyedOrder(10);
    const failed = order.run(['a'], () => Promise.reject(new Error('poison')));
    const next = order.run(['a'], () => Promise.resolve('fine'));
    await expect(failed).rejects.toThrow('poison');
    expect(await next).toBe('fine');
    await order.idle();
  });

  it('refuses more than it may hold, as something to send again', async () => {
    const { work, end } = workbench();
    const order = new KeyedOrder(1);
    const first = order.run(['a'], work('a1'));
    await expect(order.run(['b'], work('b1'))).rejects.toMatchObject({
      issues: [{ code: 'transient' }],
    });
    await end('a1');
    await first;
    const again = order.run(['b'], () => Promise.resolve('b'));
    expect(await again).toBe('b');
  });
});
