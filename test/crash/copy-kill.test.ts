import { afterAll, describe, expect, it } from 'vitest';
import { refuseUnfinishedCopy } from '../../src/store/copy-marker.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { fillStore } from '../store/rich-store.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { integrity } from './aftermath.ts';
import { programOf, run } from './run-child.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());
const child = programOf('./copy-child.ts');

describe('a copy between stores', () => {
  it('goes on after kill -9, until it is whole', async () => {
    const [from, to] = [`${folders.make()}/weir.db`, `${folders.make()}/weir.db`];
    const source = await openSqliteStore({ file: from });
    await fillStore(source);
    await source.close();
    for (const batches of [1, 3]) {
      const { signal } = await run(process.execPath, [child, from, to, String(batches)]);
      expect(signal).toBe('SIGKILL');
      expect(integrity(to)).toBe('ok');
      const half = await openSqliteStore({ file: to });
      await expect(refuseUnfinishedCopy(half)).rejects.toThrow('not finished');
      await half.close();
    }
    const { code, stdout } = await run(process.execPath, [child, from, to]);
    expect([code, stdout]).toEqual([0, 'equal true\n']);
    const whole = await openSqliteStore({ file: to });
    await refuseUnfinishedCopy(whole);
    await whole.close();
  });
});
