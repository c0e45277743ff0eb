import { fail } from '../../fhir/issue.ts';
import type { Json } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { CommitRefused } from '../../store/store.ts';
import type { Change, StoredVersion } from '../../store/store.ts';
import { authorize, checkPlace } from '../authorize.ts';
import { bundleText } from '../bundle/bundle-text.ts';
import { entryCall, requestEntry } from '../bundle/entry.ts';
import { withPinnedVersions } from '../bundle/pinned-version.ts';
import { entriesPerTurn, planSteps } from '../bundle/plan.ts';
import type { RoutedEntry } from '../bundle/plan.ts';
import { bundleNames, withTargets } from '../bundle/references.ts';
import type { BundleNames } from '../bundle/references.ts';
import { entryOf, failedEntry, responseEntry } from '../bundle/response.ts';
import { atEntry, placedAt, refuseOverlap } from '../bundle/step.ts';
import type { Step, WriteStep } from '../bundle/step.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { takeTurn } from '../call-end.ts';
import { issuesOf } from '../failure.ts';
import { parsePrefer } from '../prefer.ts';
import type { Preference } from '../prefer.ts';
import { requireSubscription } from '../subscription/owner.ts';
import { commit, putChange, refusedAs } from '../write.ts';
import { withId, written } from './create.ts';

/**
 * All entries or none, in one commit of the store: http://hl7.org/fhir/R4/http.html#transaction. Takes the
 * entries apart, finds out what each is about, replaces the names they use for each other, and commits;
 * where another write came in between it plans anew against the store as it then stands.
 */
export async function transaction(
  context: RestContext,
  call: Call,
  entries: readonly Json[],
): Promise<Answer> {
  const routed = await routeEntries(context, call, entries);
  const stale = new Map<string, string>();
  for (let attempt = 1; ; attempt++) {
    call.ended?.throwIfAborted();
    const steps = await withPinnedVersions(context, await planSteps(context, routed, stale));
    const writes = inOrder(steps);
    refuseOverlap(writes);
    await rehearseReads(context, steps, writes);
    const names = await bundleNames(context, steps);
    const changes = await changesOf(context, writes, names);
    try {
      const versions = await commitAll(context, call, writes, changes);
      return await answerAll(context, call, steps, versions);
    } catch (error) {
      const again = error instanceof CommitRefused && mayPlanAgain(error, writes, stale);
      if (!again || attempt === limits.commitAttemptsMax) throw located(call, error, writes);
    }
  }
}

/** Takes the entries apart and asks for each whether the principal may do it, before anything is read. */
async function routeEntries(
  context: RestContext,
  call: Call,
  entries: readonly Json[],
): Promise<readonly RoutedEntry[]> {
  const routed: RoutedEntry[] = [];
  for (const [position, json] of entries.entries()) {
    const entry = await atEntry({ position }, () =>
      requestEntry(context, call, { entry: json, position }),
    );
    routed.push(
      await atEntry(entry, () => {
        const { route, at } = context.locate(entry.method, entry.path);
        checkPlace(at);
        authorize(call.principal, route.interaction, at);
        return { entry, call: { ...entryCall(call, entry), at }, interaction: route.interaction };
      }),
    );
  }
  return routed;
}

/** The writes in the order that the specification gives: DELETE, POST, PUT and PATCH. */
function inOrder(steps: readonly Step[]): readonly WriteStep[] {
  const writes = steps.filter((step) => step.op === 'put' || step.op === 'delete');
  return writes.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ entry }: WriteStep): number {
  return ['DELETE', 'POST'].indexOf(entry.method) + (entry.method.startsWith('P') ? 3 : 0);
}

/**
 * A read that fails makes the transaction fail, so reads are tried before anything is written; those of
 * resources that the transaction itself writes can only be answered afterwards.
 */
async function rehearseReads(
  context: RestContext,
  steps: readonly Step[],
  writes: readonly WriteStep[],
): Promise<void> {
  const own = new Set(writes.map(({ type, id }) => `${type}/${id}`));
  let chars = 0;
  for (const { op, entry, call } of steps) {
    if (op !== 'read' || own.has(entry.path)) continue;
    const { body = '' } = await atEntry(entry, () => context.perform(call));
    chars += body.length;
    if (chars > limits.bundleAnswerChars) await atEntry(entry, refuseLength);
    // Reads may be answered without any wait; others have their turn between them.
    await takeTurn(call);
  }
}

function refuseLength(): never {
  const most = `${limits.bundleAnswerChars} characters (bundleAnswerChars)`;
  fail('limit', `The answers to a Bundle may have ${most}`);
}

async function changesOf(
  context: RestContext,
  writes: readonly WriteStep[],
  names: BundleNames,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const step of writes) {
    changes.push(await atEntry(step.entry, () => changeOf(context, step, names)));
    if (changes.length % entriesPerTurn === 0) await takeTurn(step.call);
  }
  return changes;
}

function changeOf(context: RestContext, step: WriteStep, names: BundleNames): Change {
  const { type, id } = step;
  if (step.op === 'delete') return { op: 'delete', type, id, expect: step.expect };
  const resource = withTargets(withId(step.resource, id), step.entry, names);
  requireSubscription(context, step.call.principal, resource);
  return putChange(step.call, resource, step.expect, step.version === undefined);
}

async function commitAll(
  context: RestContext,
  call: Call,
  writes: readonly WriteStep[],
  changes: readonly Change[],
): Promise<ReadonlyMap<Step, StoredVersion>> {
  if (changes.length === 0) return new Map();
  const claims = writes.flatMap((step) => (step.op === 'put' ? (step.claim ?? []) : []));
  const work = { interaction: 'transaction', changes, claims } as const;
  const { versions } = await commit(context, call, work);
  return new Map(writes.flatMap((step, i) => (versions[i] ? [[step, versions[i]] as const] : [])));
}

/** The answer has one entry per request, in the order of the requests. */
async function answerAll(
  context: RestContext,
  call: Call,
  steps: readonly Step[],
  versions: ReadonlyMap<Step, StoredVersion>,
): Promise<Answer> {
  const wanted = parsePrefer(call.headers['prefer']).return;
  const entries: string[] = [];
  for (const step of steps) {
    entries.push(
      step.op === 'read'
        ? await readEntry(context, step.call, wanted)
        : responseEntry(context.baseUrl, writeAnswer(step, versions.get(step)), wanted),
    );
  }
  return { status: 200, body: bundleText({ type: 'transaction-response', entries }) };
}

/** What is written stands: a read for which there is no time left fails by itself. */
async function readEntry(
  context: RestContext,
  call: Call,
  wanted: Preference['return'],
): Promise<string> {
  try {
    await takeTurn(call);
  } catch (error) {
    return failedEntry(issuesOf(error, context.log, call.requestId));
  }
  return entryOf(context, call, wanted);
}

function writeAnswer(step: Step, version: StoredVersion | undefined): Answer {
  if (step.op === 'found') return written(step.version, 200);
  if (step.op !== 'put' || version === undefined) {
    return { status: 204, ...(version === undefined ? {} : { version }) };
  }
  return written(version, version.changed && version.method === 'POST' ? 201 : 200);
}

/** Notes a stale claim so that the next plan takes it over. */
function mayPlanAgain(
  { refusal }: CommitRefused,
  writes: readonly WriteStep[],
  stale: Map<string, string>,
): boolean {
  if (refusal.kind === 'claim') {
    const claims = writes.flatMap((step) => (step.op === 'put' ? (step.claim ?? []) : []));
    const key = claims[refusal.index]?.key;
    if (key !== undefined) stale.set(key, refusal.owner);
    return key !== undefined;
  }
  return refusal.kind === 'expectation';
}

/** The refusal of the store as the caller sees it, at the entry it is about. */
function located(call: Call, error: unknown, writes: readonly WriteStep[]): unknown {
  if (!(error instanceof CommitRefused) || error.refusal.kind !== 'expectation') {
    return refusedAs(call, error);
  }
  const step = writes[error.refusal.index];
  if (step === undefined) return refusedAs(call, error);
  return placedAt(refusedAs(step.call, error), step.entry.position);
}
