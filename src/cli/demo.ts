import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { DateTime } from 'luxon';
import type { App } from '../app.ts';
import type { Config } from '../config.ts';
import { parseAddress } from '../ops/address.ts';
import type { Principal } from '../security/principal.ts';
import { tokenFor } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';
import { buildPagesIfStale } from '../web/build.ts';
import type { ParsedArguments } from './arguments.ts';
import { checkAnswers, checkFacts, findPeople, readExpectation } from './demo/expectation.ts';
import type { SearchJson } from './demo/expectation.ts';
import { play } from './demo/play.ts';
import type { Answers } from './demo/play.ts';
import { progressBar } from './demo/progress.ts';
import { readScenario } from './demo/scenario.ts';
import { summary } from './demo/summary.ts';
import { exitCode } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { root } from './root.ts';
import { openServer, stopInTime, stopSignal } from './serve.ts';

const visitor: Principal = { id: 'demo', display: 'Demo visitor', role: 'admin' };

/**
 * `weir demo`: starts a server, plays the demo site into it over real sockets, says what came of it, and
 * stays up. With `--once` it checks the outcome against the site's `expected.yaml` and stops.
 */
export async function demoCommand(
  given: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const site = join(root, 'fixtures/demo-site');
  const config: Config = { ...given, site };
  const once = args.flags['--once'] === true;
  await buildPagesIfStale(root);
  const stopped = stopSignal();
  const app = await openServer(config);
  const answers = await playSite(app, site, { io, pauseMs: once ? 0 : 30 });
  await app.idle();

  const { ids, deviations, search } = await check(app, site, answers);
  io.stdout.write(await summary({ app, answers, search }));
  const link = await signInLink(app, `/people/${ids.get('maria') ?? ''}`);
  if (once) {
    for (const deviation of deviations) io.stdout.write(`NOT AS IT SHOULD BE  ${deviation}\n`);
    if (deviations.length === 0) io.stdout.write('\nEverything is as it should be.\n');
    const stop = await stopInTime(app, config.stopTimeoutMs);
    return deviations.length === 0 ? stop : exitCode.no;
  }
  io.stdout.write(`\nOpen the record of one person (the link works once):\n  ${link}\n\n`);
  io.stdout.write(`HTTP ${app.http}   MLLP ${app.mllp}   Ctrl-C stops it.\n`);
  await stopped;
  return stopInTime(app, config.stopTimeoutMs);
}

async function playSite(
  app: App,
  site: string,
  options: { readonly io: CliIo; readonly pauseMs: number },
): Promise<Answers> {
  const frames = readScenario(site, DateTime.utc());
  const { host, port } = parseAddress(app.mllp);
  const onFrame = progressBar(options.io.stderr, frames.length);
  return play({ frames, host, port, pauseMs: options.pauseMs, onFrame });
}

interface Checked {
  readonly ids: ReadonlyMap<string, string>;
  readonly deviations: readonly string[];
  readonly search: SearchJson;
}

async function check(app: App, site: string, answers: Answers): Promise<Checked> {
  const search = await searcher(app);
  const expectation = readExpectation(join(site, 'expected.yaml'));
  const { ids, deviations } = await findPeople(expectation, search);
  const facts = await checkFacts(expectation, ids, search);
  return {
    ids,
    search,
    deviations: [...checkAnswers(expectation, answers), ...deviations, ...facts],
  };
}

/** Searches over HTTP with a token, as any app does. */
async function searcher(app: App): Promise<SearchJson> {
  const token = await tokenFor(issuing(app), visitor, { audience: audience.api, ttlSeconds: 600 });
  return async (query) => {
    const response = await fetch(`${app.http}/fhir/${query}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/fhir+json' },
    });
    if (!response.ok) throw new Error(`${query} was answered ${response.status}`);
    return (await response.json()) as Awaited<ReturnType<SearchJson>>;
  };
}

async function signInLink(app: App, to: string): Promise<string> {
  const token = await tokenFor(issuing(app), visitor, {
    audience: audience.signIn,
    ttlSeconds: 24 * 3600,
  });
  return `${app.http}/auth/link?token=${token}&to=${encodeURIComponent(to)}`;
}

function issuing(app: App) {
  return { keys: app.keys, clock: () => new Date(), newId: () => randomUUID() };
}
