import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { loadKeys } from '../security/keys.ts';
import { roles } from '../security/principal.ts';
import { tokenFor } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';

/** `weir token`: a bearer token alone on stdout, good at once on a running server of that data folder. */
export async function tokenCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const role = roles.find((known) => known === args.flags['--role']);
  if (role === undefined) throw new UsageError(`--role is one of ${roles.join(', ')}`);
  const ttlSeconds = parseTtl(args.flags['--ttl'] ?? '1h');
  const patient = args.flags['--patient'];
  const id = randomUUID();
  const token = await tokenFor(
    { keys: loadKeys(config.data), clock: () => new Date(), newId: () => id },
    {
      id: `token:${id}`,
      display: `${role} token`,
      role,
      ...(typeof patient === 'string' ? { patient: patient.replace(/^Patient\//, '') } : {}),
    },
    { audience: audience.api, ttlSeconds },
  );
  io.stdout.write(`${token}\n`);
  return exitCode.done;
}

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function parseTtl(text: string | true): number {
  const match = /^(\d{1,6})([smhd])$/.exec(String(text));
  const seconds = Number(match?.[1]) * (secondsPerUnit[match?.[2] ?? ''] ?? NaN);
  if (seconds > 0 && seconds <= 366 * 86_400) return seconds;
  throw new UsageError('--ttl is a number and a unit, such as 30s, 15m, 1h or 7d, at most 366d');
}
