import { setTimeout as rest } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { splitConditions } from '../feed/condition-text.ts';
import type { MessageRun } from '../feed/message-run.ts';
import { NoAnswer, UsageError, type CliIo } from './io.ts';
import { noServer, requestServer } from './server-call.ts';
import { userName } from './user-name.ts';

/** How often a run is looked at. */
const lookMs = 500;

/**
 * Asks the running server in the name of whoever is at this machine (server-call.ts). Throws {@link NoAnswer}.
 */
export async function askServer<Answer>(
  config: Config,
  path: string,
  post?: object,
): Promise<Answer> {
  const response = await requestServer(config, {
    method: post === undefined ? 'GET' : 'POST',
    path: `/api/${path}`,
    who: `cli:${userName()}`,
    display: 'weir message',
    ...(post !== undefined && { body: post }),
  });
  if (response === undefined) throw new NoAnswer(noServer(config));
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as Answer;
  if (response.status === 401) {
    throw new NoAnswer('The server answered 401; is --data its data folder?');
  }
  throw new NoAnswer(sentenceOf(text) ?? `The server answered ${String(response.status)}`);
}

/** What went wrong, from an OperationOutcome or a plain `{message}`. */
function sentenceOf(text: string): string | undefined {
  try {
    const { message, issue } = JSON.parse(text) as {
      readonly message?: string;
      readonly issue?: readonly { readonly diagnostics?: string }[];
    };
    return message ?? issue?.[0]?.diagnostics;
  } catch {
    return undefined;
  }
}

/** `PID-3=123 state=failed ...`, in one argument or several. */
export function conditionsOf(args: readonly string[]): Record<string, string> {
  const all = args.map((arg) => splitConditions(arg));
  const other = all.find(({ rest: left }) => left !== '');
  if (other !== undefined) throw new UsageError(`${other.rest} is no condition such as PID-3=123`);
  return Object.fromEntries(all.flatMap(({ conditions }) => conditions));
}

/** Waits for a run and says on stderr how far it is. */
export async function followRun(
  config: Config,
  run: MessageRun,
  { stderr }: Pick<CliIo, 'stderr'>,
): Promise<MessageRun> {
  stderr.write(`Run ${run.id} has begun; weir message run ${run.id} --cancel ends it\n`);
  let now = run;
  for (let told = -1; now.state === 'running';) {
    await rest(lookMs);
    now = await askServer<MessageRun>(config, `messages/runs/${run.id}`);
    if (now.done !== told && now.done > 0) {
      stderr.write(`${String(now.done)} messages, up to ${now.reached ?? ''}\n`);
    }
    told = now.done;
  }
  return now;
}

/** A run in words. */
export function runLines(run: MessageRun): readonly string[] {
  const outcomes = Object.entries(run.outcomes).map(([name, count]) => `${String(count)} ${name}`);
  return [
    `${run.kind} ${run.state}: ${String(run.done)} messages${outcomes.length === 0 ? '' : `, ${outcomes.join(', ')}`}`,
    ...(run.error === undefined ? [] : [`error: ${run.error}`]),
    ...run.refused.map(({ id, error }) => `  ${id}  ${error}`),
    ...Object.entries(run.elements)
      .sort(([, a], [, b]) => b - a)
      .map(
        ([element, count]) =>
          `  ${element} would change in ${String(count)} of ${String(run.done)}`,
      ),
  ];
}

/** Whether all that a run took up ended well. */
export function isGood({ state, outcomes }: MessageRun): boolean {
  const bad = ['failed', 'parked', 'refused'].some((outcome) => (outcomes[outcome] ?? 0) > 0);
  return state === 'done' && !bad;
}
