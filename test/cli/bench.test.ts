import { describe, expect, it } from 'vitest';
import { benchCommand } from '../../src/cli/bench.ts';
import { UsageError } from '../../src/cli/io.ts';
import { buildConfig } from '../../src/config.ts';
import { runCommand, type Ran } from './command-io.ts';

describe('weir bench', () => {
  const bench = (name?: string, flags: Readonly<Record<string, string>> = {}): Promise<Ran> => {
    const args = { config: {}, flags, positional: name === undefined ? [] : [name] };
    return runCommand((io) => benchCommand(buildConfig([]), args, io));
  };

  it('says what can be measured', async () => {
    expect(await bench()).toEqual({ code: 0, stdout: 'feed\nmapping\nrest\nstore\n', stderr: '' });
  });

  it('knows no other, and nothing of paths', async () => {
    for (const name of ['nothing', '../src/main', 'store/shapes']) {
      await expect(bench(name)).rejects.toThrow(UsageError);
    }
  });

  it('hands flags on, and the answer back', async () => {
    const { code, stderr } = await bench('store', { '--size': '7k' });
    expect(code).toBe(2);
    expect(stderr).toContain('--size is one of 10k, 100k, 1m');
  });
});
