import type { Config } from '../config.ts';
import { openSite } from '../site.ts';
import { verifyChain } from '../store/audit-chain.ts';
import { openMongoStore } from '../store/mongodb/open.ts';
import { registeredIndexing } from '../store/reindex.ts';
import { checkDataFile } from '../store/sqlite/check-file.ts';
import type { AuditRow, Store } from '../store/store.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { root } from './root.ts';
import { isMongo, orRefusal, presentStoreFile } from './store-file.ts';

/** `weir store check`: one JSON summary on stdout, exit 1 where it names a fault. */
export async function storeCheckCommand(
  config: Config,
  { flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const onProgress = (text: string): void => void io.stderr.write(`${text}\n`);
  return orRefusal(io, async () => {
    const { ok, ...found } = isMongo(config)
      ? await checkDatabase(config, onProgress)
      : await checkFile(config, { full: flags['--full'] === true, onProgress });
    io.stdout.write(`${JSON.stringify({ ok, ...found })}\n`);
    return ok ? exitCode.done : exitCode.no;
  });
}

interface FileOptions {
  readonly full: boolean;
  readonly onProgress: (text: string) => void;
}

async function checkFile(config: Config, { full, onProgress }: FileOptions) {
  const place = presentStoreFile(config, 'this command');
  // What the index should hold depends on the site's own search parameters.
  await openSite({ root, folder: config.site, zone: config.zone });
  const { extract, parametersOf } = registeredIndexing();
  const found = checkDataFile({ ...place, full, extract, parametersOf, onProgress });
  return { store: place.file, ...found };
}

/** What the port lets anybody ask; the database looks after its own files. */
async function checkDatabase(config: Config, onProgress: (text: string) => void) {
  const store = await openMongoStore({ url: config.store });
  try {
    await store.check();
    onProgress('The audit chain');
    const { auditRows, faults } = await checkChain(store);
    const resources = [...(await store.counts()).values()].reduce((sum, n) => sum + n, 0);
    return { store: 'mongodb', ok: faults.length === 0, resources, auditRows, faults };
  } finally {
    await store.close();
  }
}

async function checkChain({ audit }: Store): Promise<{ auditRows: number; faults: string[] }> {
  let head: AuditRow | undefined;
  for (;;) {
    const rows = await audit.rows(head?.seq ?? 0, 1_000);
    const fault = verifyChain(rows, head);
    if (fault !== undefined) {
      const text = `The audit chain breaks at row ${fault.seq}: ${fault.problem}`;
      return { auditRows: fault.seq, faults: [text] };
    }
    if (rows.length === 0) return { auditRows: head?.seq ?? 0, faults: [] };
    head = rows.at(-1);
  }
}
