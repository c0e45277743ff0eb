import type { Config } from '../config.ts';
import type { Delivery } from '../feed/destination/delivery.ts';
import type { DestinationStanding } from '../feed/destination/standing.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { callServer } from './server-call.ts';

/** States in which somebody has to act. */
const bad = new Set(['away', 'held', 'paused', 'unknown']);

/**
 * `weir destination list [NAME]`: how the destinations of the running server stand, or what waits for one. `no` where one
 * needs somebody.
 */
export async function destinationListCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [name, ...others] = args.positional;
  if (others.length > 0) throw new UsageError('Name one destination, or none');
  const isJson = args.flags['--json'] === true;
  if (name !== undefined) return listDeliveries(config, io, { name, isJson });
  const call = { method: 'GET', path: '/api/destinations', display: 'weir destination' } as const;
  const answer = (await callServer(config, io, call)) as
    { destinations: DestinationStanding[] } | undefined;
  if (answer === undefined) return exitCode.no;
  const { destinations } = answer;
  io.stdout.write(isJson ? json(destinations) : lines(destinations.map(standingLine)));
  return destinations.some(({ state }) => bad.has(state)) ? exitCode.no : exitCode.done;
}

async function listDeliveries(
  config: Config,
  io: CliIo,
  { name, isJson }: { readonly name: string; readonly isJson: boolean },
): Promise<ExitCode> {
  const rows: Delivery[] = [];
  for (const list of ['aside', 'queue']) {
    const path = `/api/destinations/${encodeURIComponent(name)}/deliveries?list=${list}`;
    const call = { method: 'GET', path, display: 'weir destination' } as const;
    const answer = (await callServer(config, io, call)) as { deliveries: Delivery[] } | undefined;
    if (answer === undefined) return exitCode.no;
    rows.push(...answer.deliveries);
  }
  io.stdout.write(isJson ? json(rows) : lines(rows.map(deliveryLine)));
  return exitCode.done;
}

/** `weir destination pause|resume NAME --reason TEXT` and `retry|skip NAME ID --reason TEXT`. */
export function destinationWorkCommand(
  word: 'pause' | 'resume' | 'retry' | 'skip',
): (config: Config, args: ParsedArguments, io: CliIo) => Promise<ExitCode> {
  const takesId = word === 'retry' || word === 'skip';
  const usage = `destination ${word} NAME${takesId ? ' ID' : ''} --reason TEXT`;
  return async (config, args, io) => {
    const [name = '', id = '', ...others] = args.positional;
    const { '--reason': reason } = args.flags;
    const isWhole = name !== '' && (id !== '') === takesId && others.length === 0;
    if (!isWhole || typeof reason !== 'string') throw new UsageError(usage);
    const row = takesId ? `/deliveries/${encodeURIComponent(id)}` : '';
    const path = `/api/destinations/${encodeURIComponent(name)}${row}/${word}`;
    const call = { method: 'POST', path, display: 'weir destination', body: { reason } } as const;
    if ((await callServer(config, io, call)) === undefined) return exitCode.no;
    io.stdout.write(`${[name, id, word].filter((part) => part !== '').join(' ')}: done\n`);
    return exitCode.done;
  };
}

function standingLine(each: DestinationStanding): string {
  const { name, state, depth, aside, oldestAgeMs, sent, lastError, nextRetryAt } = each;
  const waits = `${String(depth)} waiting, oldest ${String(Math.round(oldestAgeMs / 1000))} s`;
  const counts = [waits, ...(aside > 0 ? [`${String(aside)} aside`] : []), `${String(sent)} sent`];
  const error = lastError === undefined || !bad.has(state) ? [] : [lastError];
  const next = nextRetryAt === undefined ? [] : [`next try ${nextRetryAt}`];
  return [name.padEnd(16), state.padEnd(11), counts.join(', '), ...error, ...next].join('  ');
}

function deliveryLine(each: Delivery): string {
  const { id, state, controlId, messageType, attempts, lastError = '', loss } = each;
  const lost = loss.length === 0 ? '' : `not said: ${loss.join(', ')}`;
  const tries = `${String(attempts)} tries`;
  return [id, state.padEnd(8), messageType.padEnd(8), controlId, tries, lastError, lost]
    .filter((part) => part !== '')
    .join('  ');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
