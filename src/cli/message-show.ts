import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import type { MessageDescription } from '../feed/describe.ts';
import { loadKeys } from '../security/keys.ts';
import { tokenFor } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';

/** How long the server may take to answer. */
const timeoutMs = 30_000;

/**
 * `weir message show ID`: one message as it came, as it was read, what it wrote and what was left over.
 * The data file belongs to the running server, so it is asked over HTTP, with a token that the
 * data folder's key makes good for one minute. ID is the journal's or a control id (MSH-10).
 */
export async function messageShowCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [id, ...others] = args.positional;
  if (id === undefined || others.length > 0)
    throw new UsageError('Name one message: message show ID');
  const url = `http://${config.http}/api/messages/${encodeURIComponent(id)}`;
  const response = await ask(url, await shortToken(config));
  if (response === undefined) {
    io.stderr.write(`No server answers at ${config.http}; start it or name it with --http\n`);
    return exitCode.no;
  }
  if (response.status === 404) {
    io.stderr.write('There is no message with this id or control id\n');
    return exitCode.no;
  }
  if (!response.ok) {
    io.stderr.write(`The server answered ${response.status}; is --data its data folder?\n`);
    return exitCode.no;
  }
  const message = (await response.json()) as MessageDescription;
  const shown = args.flags['--json'] === true ? JSON.stringify(message, null, 2) : page(message);
  io.stdout.write(`${shown}\n`);
  return exitCode.done;
}

async function ask(url: string, token: string): Promise<Response | undefined> {
  try {
    return await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    return undefined;
  }
}

async function shortToken(config: Config): Promise<string> {
  const id = randomUUID();
  return tokenFor(
    { keys: loadKeys(config.data), clock: () => new Date(), newId: () => id },
    { id: `token:${id}`, display: 'weir message show', role: 'admin' },
    { audience: audience.api, ttlSeconds: 60 },
  );
}

function page(message: MessageDescription): string {
  const { entry, raw, ack, parsed, resources, loss, unmapped, issues, map } = message;
  const width = Math.max(...parsed.map(({ position }) => position.length), 0);
  return [
    ...rows([
      ['id', entry.id],
      ['feed', `${entry.feed} from ${entry.peer}, ${entry.receivedAt}`],
      ['message', `${entry.messageType} ${entry.controlId}`],
      [
        'state',
        `${entry.state}, answered ${entry.ackCode ?? 'nothing'}, attempts ${entry.attempts}`,
      ],
      ['error', entry.lastError ?? ''],
      ['patient', entry.patient ?? ''],
      ['map', map],
    ]),
    ...part('Raw', raw.split('\n')),
    ...part('Answer', ack.split('\n')),
    ...part(
      'Parsed',
      parsed.map(({ position, name, value }) => `${position.padEnd(width)}  ${value}  ${name}`),
    ),
    ...part('Written', [...message.written]),
    ...part(
      'Mapped',
      resources.map((resource) => JSON.stringify(resource)),
    ),
    ...part(
      'Not read by any rule',
      loss.map(({ position, count }) => `${position} (${count})`),
    ),
    ...part(
      'Codes without a row',
      unmapped.map(({ position, table, code, count }) => `${position} ${table} ${code} (${count})`),
    ),
    ...part(
      'Remarks',
      issues.map(({ severity, code, location = '', diagnostics }) => {
        const place = location === '' ? '' : ` ${location}`;
        return `${severity} ${code}${place}: ${diagnostics}`;
      }),
    ),
  ].join('\n');
}

function rows(pairs: readonly (readonly [string, string])[]): readonly string[] {
  return pairs
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(8)} ${value}`);
}

function part(title: string, lines: readonly string[]): readonly string[] {
  const shown = lines.filter((line) => line !== '');
  return shown.length === 0 ? [] : ['', title, ...shown.map((line) => `  ${line}`)];
}
