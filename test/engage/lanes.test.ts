import { describe, expect, it } from 'vitest';
import { Lanes } from '../../src/engage/lanes.ts';

/** Work that ends when told to, and a log of what began. */
function bench(max: number) {
  const lanes = new Lanes(max);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const take = (name: string, ...keys: string[]): Promise<void> =>
    lanes.take(keys, () => {
      begun.push(name);
      return new Promise((resolve, reject) =>
        ends.set(name, (error) => (error ? reject(error) : resolve())),
      );
    });
  const end = async (name: string, error?: Error): Promise<void> => {
    ends.get(name)?.(error);
    await breath();
  };
  return { lanes, begun, take, end };
}

async function breath(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

describe('work side by side', () => {
  it('waits for earlier work of its key, and for no other', async () => {
    const { begun, take, end, lanes } = bench(9);
    await take('a1', 'a');
    await take('a2', 'a');
    await take('b1', 'b');
    await breath();
    expect(begun).toEqual(['a1', 'b1']);
    await end('a1');
    expect(begun).toEqual(['a1', 'b1', 'a2']);
    await Promise.all([end('a2'), end('b1')]);
    await lanes.done();
  });

  it('takes no more than the most at once', async () => {
    const { begun, take, end, lanes } = bench(2);
    await take('a', 'a');
    await take('b', 'b');
    const third = take('c', 'c');
    await breath();
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    await third;
    await breath();
    expect(begun).toEqual(['a', 'b', 'c']);
    await Promise.all([end('a'), end('c')]);
    await lanes.done();
  });

  it('leaves undone what waits behind a failure, ends what is under way, and tells it', async () => {
    const { begun, take, end, lanes } = bench(9);
    await take('a1', 'a');
    await take('a2', 'a');
    await take('b1', 'b');
    await take('b2', 'b');
    await breath();
    await end('a1', new Error('disk is full'));
    await end('b1');
    await take('c', 'c');
    await lanes.settled();
    expect(begun).toEqual(['a1', 'b1']);
    expect(lanes.hasFailed).toBe(true);
    await expect(lanes.done()).rejects.toThrow('disk is full');
  });

  it('does some alone: after all before it, and before all after it', async () => {
    const { begun, take, end, lanes } = bench(9);
    await take('a', 'a');
    let isAlone = false;
    const alone = lanes.alone(async () => {
      isAlone = true;
    });
    await breath();
    expect(isAlone).toBe(false);
    await end('a');
    await alone;
    expect(isAlone).toBe(true);
    expect(begun).toEqual(['a']);
  });
});
