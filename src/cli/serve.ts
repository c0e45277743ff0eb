import { startApp } from '../app.ts';
import type { App } from '../app.ts';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import { giveBackMemory } from '../ops/give-back.ts';
import { openLog } from '../ops/log.ts';
import { hasAccounts } from '../security/account.ts';
import { tokenFor } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';
import { firstAdministrator } from '../web/auth-routes.ts';
import { buildPagesIfStale } from '../web/build.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { root } from './root.ts';

/** `weir serve`: one line on stdout when it is ready; runs until SIGINT or SIGTERM. */
export async function serveCommand(
  config: Config,
  _args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  // From here on: whoever reads the ready line may stop us at once.
  const stopped = stopSignal();
  const app = await openServer(config);
  if (!(await hasAccounts(app.store))) {
    io.stderr.write(`No administrator yet. Open this link once: ${await firstLink(app)}\n`);
  }
  io.stdout.write(`${JSON.stringify({ ready: true, http: app.http, mllp: app.mllp })}\n`);
  setTimeout(giveBackMemory, limits.giveBackAfterMs).unref();
  await stopped;
  return stopInTime(app, config.stopTimeoutMs);
}

/** Starts the server with the pages built beside it: the interfaces do not wait for them. */
export async function openServer(config: Config): Promise<App> {
  const log = openLog(config.logLevel);
  const app = await startApp({ config, log, clock: () => new Date(), root });
  buildPagesIfStale(root).then(
    (outcome) => log.info({ outcome }, 'Pages'),
    (err: unknown) => log.error({ err }, 'The pages were not built'),
  );
  return app;
}

/**
 * Resolves at the first SIGINT or SIGTERM; one that comes a second or more later ends the process at
 * once. Sooner it is the same Ctrl-C: the terminal sends it to us, and so does the launcher (bin/weir.mjs).
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const heard = (): void => {
      // The launcher (bin/weir.mjs) need not tell us what a terminal has told us already.
      if (firstAt === undefined && process.connected) process.send?.('stopping', () => undefined);
      firstAt ??= performance.now();
      if (performance.now() - firstAt >= 1000) process.exit(exitCode.fault);
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, heard);
  });
}

/** Stops gracefully; after the time limit what is left is left to the journal and the outbox. */
export async function stopInTime(app: App, stopTimeoutMs: number): Promise<ExitCode> {
  const timer = setTimeout(() => process.exit(exitCode.fault), stopTimeoutMs);
  await app.close();
  clearTimeout(timer);
  return exitCode.done;
}

async function firstLink(app: App): Promise<string> {
  const token = await tokenFor(
    { keys: app.keys, clock: () => new Date(), newId: () => crypto.randomUUID() },
    firstAdministrator,
    { audience: audience.signIn, ttlSeconds: 24 * 3600 },
  );
  return `${app.http}/auth/link?token=${token}`;
}
