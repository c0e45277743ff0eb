import type { IdentifiedResource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { without } from '../record/same.ts';
import type { Job, Store } from '../store/store.ts';
import { concept, systems } from './codes.ts';
import { derivedId } from './derived-id.ts';
import type { Draft } from './draft.ts';
import type { Firing, MessageIntent, RevokeIntent } from './intent.ts';
import { inZone } from './schedule.ts';

/** The kind of the jobs that send.ts takes. */
export const sendJobKind = 'engage.send';

/** What the job knows beside the CommunicationRequest it is to carry out. */
export interface SendPayload {
  readonly request: string;
  readonly rule: string;
  readonly step: string;
  readonly focus: string;
  readonly zone: string;
  readonly anchor?: string;
  /** ISO instant after which the message is of no use. */
  readonly expiresAt?: string;
}

/** A message to come: a CommunicationRequest that says what and when, and the job that will do it. */
export async function draftPlan(
  draft: Draft,
  firing: Firing,
  intent: MessageIntent,
  now: Date,
): Promise<void> {
  const { rule, focus } = firing;
  const id = derivedId(['message', rule.id, intent.step.name, focus, intent.key, intent.slot]);
  const existing = await draft.read('CommunicationRequest', id);
  if (existing === 'deleted' || (existing && !wasTakenBack(existing))) return;
  draft.put({
    ...(existing && without(existing, ownElements)),
    ...newRequest(id, firing, intent, now),
  });
  const payload: SendPayload = {
    request: id,
    rule: rule.id,
    step: intent.step.name,
    focus,
    zone: intent.zone,
    ...(intent.anchor === undefined ? {} : { anchor: intent.anchor }),
    ...(intent.expiresAt ? { expiresAt: intent.expiresAt.toISOString() } : {}),
  };
  draft.job({
    op: 'put',
    job: {
      key: `${jobsAbout(focus)}${id}`,
      kind: sendJobKind,
      dueAt: intent.dueAt,
      payload: JSON.stringify(payload),
      attempts: 0,
    },
  });
}

/** Takes back what a rule planned about the focus and has not sent. */
export async function revokePlans(
  store: Store,
  draft: Draft,
  { focus, intent }: { focus: string; intent: RevokeIntent },
): Promise<void> {
  const jobs = await store.jobs.list(jobsAbout(focus), limits.plansPerFocusMax);
  for (const job of jobs) {
    const payload = readPayload(job);
    if (payload.rule !== intent.rule) continue;
    if (intent.steps && !intent.steps.includes(payload.step)) continue;
    const request = await draft.read('CommunicationRequest', payload.request);
    if (request && request !== 'deleted' && request['status'] === 'active') {
      draft.put({ ...request, status: 'revoked', statusReason: { text: intent.reason } });
    }
    draft.job({ op: 'cancel', key: job.key });
  }
}

export function readPayload(job: Job): SendPayload {
  return JSON.parse(job.payload) as SendPayload;
}

/** All jobs about one resource share this prefix, so that they are found without a search. */
function jobsAbout(focus: string): string {
  return `${sendJobKind}:${focus}:`;
}

/** Revoked by a rule, not refused by a guard: a new occasion may plan it again. */
function wasTakenBack(request: IdentifiedResource): boolean {
  const reason = request['statusReason'] as { readonly coding?: unknown } | undefined;
  return request['status'] === 'revoked' && reason?.coding === undefined;
}

/** Elements of a request that it may have no more when it is planned again; what others wrote into it besides stays. */
const ownElements = ['statusReason', 'subject', 'payload', 'recipient'];

function newRequest(
  id: string,
  firing: Firing,
  intent: MessageIntent,
  now: Date,
): IdentifiedResource {
  const { rule, focus, patient } = firing;
  return {
    resourceType: 'CommunicationRequest',
    id,
    identifier: [{ system: systems.rule, value: `${rule.id}/${intent.step.name}` }],
    status: 'active',
    category: [concept(systems.messageCategory, intent.step.category)],
    priority: intent.priority,
    ...(patient ? { subject: patient } : {}),
    about: [{ reference: focus }],
    ...(intent.text === undefined ? {} : { payload: [{ contentString: intent.text }] }),
    occurrenceDateTime: inZone(intent.dueAt, intent.zone),
    authoredOn: now.toISOString(),
    ...(intent.to ? { recipient: [intent.to] } : {}),
  };
}
