/**
 * One due message's way: facts -> guards -> channel -> outcome. The commit that decides to send depends on
 * every version the guards judged by; if one has changed meanwhile, the commit is refused and they judge anew.
 */
import type { IdentifiedResource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { CommitRefused, type LeasedJob } from '../store/store.ts';
import { attemptOf, hasOutcome, settledAttempt, settledRequest, type Standing } from './attempt.ts';
import type { Channel } from './channel.ts';
import type { Desk } from './desk.ts';
import { Draft } from './draft.ts';
import { consentsOf, gatherFacts, type Facts } from './facts.ts';
import { draftFailureTask } from './failure.ts';
import { firstObjection } from './guard.ts';
import { optOutGuard } from './guards/opt-out.ts';
import type { Objection } from './objection.ts';

/** Carries out one leased job to its end: sent, not sent with a reason, or put off. */
export async function sendDue(desk: Desk, job: LeasedJob): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await sendOnce(desk, job);
      return;
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      // Another worker has the job now, or it was cancelled: theirs is the last word.
      if (error.refusal.kind === 'job-lease') return;
      if (attempt === limits.commitAttemptsMax) throw error;
    }
  }
}

async function sendOnce(desk: Desk, job: LeasedJob): Promise<void> {
  const draft = new Draft(desk.store);
  const facts = await gatherFacts(desk, job, draft);
  if (!facts) {
    draft.done(job);
    await commit(desk, draft, 'engage');
    return;
  }
  const objection = firstObjection(facts);
  if (objection) {
    await object(desk, job, { draft, facts, objection });
    return;
  }
  const { channel } = facts;
  if (!channel) throw new Error('A message passed the guards without a channel');
  if (channel.withinCommit) {
    const { providerId } = await hand(channel, facts);
    await settle(desk, job, { draft, facts, standing: { status: 'completed', providerId } });
    return;
  }
  await reserve(desk, draft, facts);
  // One that was given meanwhile had no version to depend on.
  const consents = await consentsOf(desk.store, facts.recipient);
  const refused = optOutGuard({ ...facts, consents });
  if (refused) {
    await object(desk, job, { draft: new Draft(desk.store), facts, objection: refused });
    return;
  }
  await handOver(desk, job, { facts, channel });
}

async function object(
  desk: Desk,
  job: LeasedJob,
  { objection, ...given }: { draft: Draft; facts: Facts; objection: Objection },
): Promise<void> {
  if (objection.kind === 'refuse') {
    const standing = { status: 'not-done', reason: objection.reason } as const;
    await settle(desk, job, { ...given, standing });
    return;
  }
  await putOff(desk, job, objection.until);
}

async function putOff(desk: Desk, job: LeasedJob, dueAt: Date): Promise<void> {
  const draft = new Draft(desk.store);
  draft.job({ op: 'retry', key: job.key, lease: job.lease, dueAt });
  await commit(desk, draft, 'engage');
}

/** The decision to send, durable before anything leaves the house. */
async function reserve(desk: Desk, draft: Draft, facts: Facts): Promise<void> {
  draft.put(attemptOf(facts, { status: 'in-progress' }, facts.attempt));
  dependOnFacts(draft, facts);
  await commit(desk, draft, `rule:${facts.payload.rule}`);
}

/** A gateway that fails is tried again, with growing pauses; in the end a person is told. */
async function handOver(
  desk: Desk,
  job: LeasedJob,
  { facts, channel }: { facts: Facts; channel: Channel },
): Promise<void> {
  let providerId: string;
  try {
    providerId = (await hand(channel, facts)).providerId;
  } catch (error) {
    desk.log.warn({ channel: channel.id, message: facts.attemptId, err: error }, 'channel failed');
    const pause = pauses[job.attempts - 1];
    if (pause === undefined) {
      await giveUp(desk, job, facts);
      return;
    }
    await putOff(desk, job, new Date(desk.clock().getTime() + pause));
    return;
  }
  await recordSent(desk, job, { facts, providerId });
}

const minuteMs = 60_000;
/** Before the second, third ... attempt: 1 minute, 5 minutes, half an hour, 2 hours. */
const pauses = [1, 5, 30, 120].map((minutes) => minutes * minuteMs);

function hand(channel: Channel, facts: Facts): ReturnType<Channel['send']> {
  return channel.send({
    id: facts.attemptId,
    recipient: facts.recipient ?? {},
    category: facts.step?.category ?? '',
    priority: (facts.request['priority'] ?? 'routine') as string,
    text: facts.text ?? '',
  });
}

/** The outcome, where nothing has left the house: the Communication, its request and the job in one commit. */
async function settle(
  desk: Desk,
  job: LeasedJob,
  { draft, facts, standing }: { draft: Draft; facts: Facts; standing: Standing },
): Promise<void> {
  const attempt = await draft.read('Communication', facts.attemptId);
  if (standing.status === 'completed') {
    draft.put(attemptOf(facts, standing, facts.attempt));
    dependOnFacts(draft, facts);
  } else if (!hasOutcome(attempt)) {
    draft.put(withOutcome(attempt, facts, standing));
  }
  draft.dependOn(facts.request);
  draft.put(settledRequest(facts.request, standing));
  draft.done(job);
  await commit(desk, draft, `rule:${facts.payload.rule}`);
}

/** Where somebody told the recipient otherwise already, nobody need do it. */
async function giveUp(desk: Desk, job: LeasedJob, facts: Facts): Promise<void> {
  const draft = new Draft(desk.store);
  const isTold = hasOutcome(await draft.read('Communication', facts.attemptId));
  if (!isTold) {
    const failure = {
      code: 'send-failed',
      ruleId: facts.payload.rule,
      about: `CommunicationRequest/${facts.request.id}`,
      description: 'A message could not be handed to its channel; tell the recipient otherwise',
    } as const;
    await draftFailureTask(draft, failure, facts.now);
  }
  const reason = isTold ? 'duplicate' : 'system-error';
  await settle(desk, job, { draft, facts, standing: { status: 'not-done', reason } });
}

function withOutcome(
  attempt: IdentifiedResource | 'deleted' | undefined,
  facts: Facts,
  standing: Standing,
): IdentifiedResource {
  return attempt === undefined || attempt === 'deleted'
    ? attemptOf(facts, standing)
    : settledAttempt(attempt, facts, standing);
}

/** The message is out: that is written down whatever has happened to its request or its job meanwhile. */
async function recordSent(
  desk: Desk,
  job: LeasedJob,
  { facts, providerId }: { facts: Facts; providerId: string },
): Promise<void> {
  const standing = { status: 'completed', providerId } as const;
  let jobIsOurs = true;
  for (let attempt = 1; ; attempt++) {
    const draft = new Draft(desk.store);
    const known = await draft.read('Communication', facts.attemptId);
    draft.put(withOutcome(known, facts, standing));
    const request = await draft.read('CommunicationRequest', facts.request.id);
    if (request && request !== 'deleted' && request['status'] === 'active') {
      draft.put(settledRequest(request, standing));
    }
    if (jobIsOurs) draft.done(job);
    try {
      await commit(desk, draft, `rule:${facts.payload.rule}`);
      return;
    } catch (error) {
      if (!(error instanceof CommitRefused) || attempt === limits.commitAttemptsMax) throw error;
      if (error.refusal.kind === 'job-lease') jobIsOurs = false;
    }
  }
}

function dependOnFacts(draft: Draft, facts: Facts): void {
  const { request, focus, person, merged, consents } = facts;
  for (const resource of [request, focus, person, ...merged, ...consents]) {
    if (resource) draft.dependOn(resource);
  }
}

async function commit(desk: Desk, draft: Draft, origin: string): Promise<void> {
  await desk.store.commit(draft.commit(desk.clock(), origin));
}
