import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { parseAddress } from '../ops/address.ts';
import { loadKeys } from '../security/keys.ts';
import { openSite } from '../site.ts';
import { isMongoUrl, withoutPassword } from '../store/mongodb/address.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { root } from './root.ts';

interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly text: string;
}

/** `weir doctor`: one line per check; exit 1 if one fails. */
export async function doctorCommand(
  config: Config,
  _args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const findings: Finding[] = [nodeVersion(), clock(), zone(config), dataFolder(config)];
  if (findings.every(({ level }) => level !== 'fail')) findings.push(disk(config), keys(config));
  findings.push(await site(config), ...(await database(config)));
  findings.push(await port('HTTP', config.http), await port('MLLP', config.mllp));
  for (const { level, text } of findings) io.stdout.write(`${level.padEnd(4)}  ${text}\n`);
  return findings.some(({ level }) => level === 'fail') ? exitCode.no : exitCode.done;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 24 || (major === 24 && minor >= 2);
  return { level: fits ? 'ok' : 'fail', text: `Node ${process.versions.node} (24.2 or newer)` };
}

function clock(): Finding {
  const year = new Date().getUTCFullYear();
  return year >= 2026 && year < 2100
    ? { level: 'ok', text: `The clock says ${new Date().toISOString()}` }
    : {
        level: 'fail',
        text: `The clock says the year ${year}; times in the record would be wrong`,
      };
}

function zone(config: Config): Finding {
  try {
    new Intl.DateTimeFormat('en', { timeZone: config.zone });
    return { level: 'ok', text: `Zone ${config.zone} for times that come without one` };
  } catch {
    return { level: 'fail', text: `"${config.zone}" is no IANA zone; set one such as Europe/Rome` };
  }
}

function dataFolder(config: Config): Finding {
  try {
    mkdirSync(config.data, { recursive: true });
    const { bavail, bsize } = statfsSync(config.data);
    const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
    const text = `${freeMiB} MiB free in the data folder ${config.data}`;
    return { level: freeMiB < 64 ? 'fail' : freeMiB < 2048 ? 'warn' : 'ok', text };
  } catch (error) {
    return { level: 'fail', text: `The data folder cannot be used: ${(error as Error).message}` };
  }
}

/** A sync that takes next to no time did not reach a disk: what is acknowledged could be lost with the power. */
function disk(config: Config): Finding {
  const file = join(config.data, `.doctor-${process.pid}`);
  const block = Buffer.alloc(4096, 1);
  const descriptor = openSync(file, 'w');
  try {
    const micros = Array.from({ length: 64 }, () => {
      const start = process.hrtime.bigint();
      writeSync(descriptor, block);
      fdatasyncSync(descriptor);
      return Number(process.hrtime.bigint() - start) / 1000;
    }).sort((a, b) => a - b);
    const median = Math.round(micros[32] ?? 0);
    if (median < 20) {
      return { level: 'warn', text: `A disk sync takes ${median} us: it does not reach a disk` };
    }
    return { level: 'ok', text: `A disk sync takes ${median} us (median of 64)` };
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}

function keys(config: Config): Finding {
  try {
    loadKeys(config.data);
    return { level: 'ok', text: 'The signing key can be read' };
  } catch (error) {
    return { level: 'fail', text: `The signing key cannot be read: ${(error as Error).message}` };
  }
}

/** What a start would refuse: a fault in feeds, maps or rules, with its place. */
async function site({ site: folder, zone }: Config): Promise<Finding> {
  if (folder !== '' && !existsSync(folder)) {
    return { level: 'fail', text: `There is no site folder ${folder}` };
  }
  try {
    const { feeding, searchParameters } = await openSite({ root, folder, zone });
    const feeds = feeding.feeds().map(({ name }) => name);
    const own = searchParameters.flatMap(({ base, code }) => base.map((type) => `${type}.${code}`));
    const more = own.length === 0 ? '' : `; own search parameters: ${own.join(', ')}`;
    return { level: 'ok', text: `Maps and rules can be read; feeds: ${feeds.join(', ')}${more}` };
  } catch (error) {
    return { level: 'fail', text: (error as Error).message };
  }
}

/** Whether a MongoDB server can be used; a store in the data folder is looked at when it is opened. */
async function database({ store }: Config): Promise<Finding[]> {
  if (!isMongoUrl(store)) return [];
  const where = withoutPassword(store);
  try {
    const { openConnection } = await import('../store/mongodb/connection.ts');
    const { client } = await openConnection({ url: store, selectionTimeoutMs: 3_000 });
    await client.close();
    return [{ level: 'ok', text: `The database at ${where} has transactions` }];
  } catch (error) {
    return [{ level: 'fail', text: (error as Error).message }];
  }
}

async function port(name: string, address: string): Promise<Finding> {
  const { host, port: number } = parseAddress(address);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      const text = inUse
        ? `${name} ${address} is in use: a server runs there already, or another program does`
        : `${name} cannot listen on ${address}: ${error.message}`;
      resolve({ level: inUse ? 'warn' : 'fail', text });
    });
    server.listen({ host, port: number }, () => {
      server.close(() => resolve({ level: 'ok', text: `${name} can listen on ${address}` }));
    });
  });
}
