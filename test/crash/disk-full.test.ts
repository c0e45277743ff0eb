import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { killServers, startServer } from '../e2e/server-process.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { fillDisk, loopDisks, makeDisk, onDisk, pathInside } from './loop-disk.ts';
import { programOf, run } from './run-child.ts';
import { administrator, admission, sendAll } from './traffic.ts';

const folders = temporaryFolders();
afterAll(() => {
  killServers();
  folders.remove();
});

/** An empty disk of 24 MB, and where it is to be mounted. */
function smallDisk() {
  const folder = folders.make();
  const disk = { image: `${folder}/disk`, mounted: `${folder}/mounted` };
  makeDisk(disk.image, 24 * 1024 * 1024);
  return disk;
}

describe.skipIf(loopDisks.skip)(`a disk runs full${loopDisks.note}`, () => {
  it('under a store: writes are refused as storage-full, reads go on, with room all goes on', async () => {
    const { image, mounted } = smallDisk();
    const program = [process.execPath, programOf('./disk-full-child.ts'), mounted];
    const [command, ...args] = onDisk(image, mounted, program);
    const { stdout, stderr } = await run(command, args);
    expect(stderr).toBe('');
    const full = 'storage-full';
    expect(JSON.parse(stdout)).toMatchObject({
      whileFull: { refused: full, again: full, health: full, holds: true },
      afterwards: { commit: 'well', health: 'well', holds: true },
      restarted: { refused: full, closed: 'well', holds: true },
      last: 'well',
      integrity: 'ok',
    });
  });

  it(
    'under a server: AR and 503, never AA, while reads go on; the same message is AA once there is room',
    { timeout: 60_000 },
    async () => {
      const { image, mounted } = smallDisk();
      const server = await startServer(['--data', mounted, '--log-level', 'fatal'], {
        within: (command) => onDisk(image, mounted, command),
      });
      const inside = (path: string): string => pathInside(server.child.pid ?? 0, path);
      const admin = await administrator(server.http, inside(mounted));
      const send = async (n: number) =>
        (await sendAll(server.mllp, [admission(`CTL${n}`, `MRN${n}`)]))[0];
      const found = async (n: number): Promise<unknown> => {
        const answer = await admin.get(`fhir/Patient?identifier=MRN${n}`);
        return ((await answer.json()) as { total: number }).total;
      };
      expect(await send(0)).toMatchObject({ code: 'AA' });

      fillDisk(inside(`${mounted}/filler`));
      let n = 0;
      let answer = await send(++n);
      while (answer?.code === 'AA') answer = await send(++n);
      expect(answer?.code).toBe('AR');
      expect(answer?.text).toContain('storage-full');
      expect((await admin.post('fhir/Patient', { resourceType: 'Patient' })).status).toBe(503);
      expect((await fetch(`${server.http}/health`)).status).toBe(503);
      for (let known = 0; known < n; known++) expect(await found(known)).toBe(1);
      expect(await found(n)).toBe(0);

      rmSync(inside(`${mounted}/filler`));
      expect(await send(n)).toMatchObject({ code: 'AA' });
      expect((await fetch(`${server.http}/health`)).status).toBe(200);
      expect(await found(n)).toBe(1);
      const rows = await admin.get(`api/messages?controlId=CTL${n}`);
      expect(await rows.json()).toMatchObject({
        entries: [{ state: 'processed', ackCode: 'AA' }],
      });
      expect(await server.stop()).toBe(0);
    },
  );
});
