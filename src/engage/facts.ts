import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import type { LeasedJob, Store } from '../store/store.ts';
import type { Channel } from './channel.ts';
import { derivedId } from './derived-id.ts';
import type { Desk } from './desk.ts';
import type { Draft } from './draft.ts';
import { readPayload, type SendPayload } from './plan.ts';
import { asReferences, splitReference, typeOf, type Reference } from './reference.ts';
import type { Cap, MessageStep, QuietHours, Rule } from './rule.ts';
import { shift } from './schedule.ts';
import { resourceOf } from './world.ts';

/** Everything the guards judge by, read just before the sending commit, which depends on it unchanged. */
export interface Facts {
  readonly now: Date;
  readonly payload: SendPayload;
  readonly request: IdentifiedResource;
  readonly rule: Rule | undefined;
  readonly step: MessageStep | undefined;
  /** What the message is about, as it is now; undefined if it was deleted. */
  readonly focus: IdentifiedResource | undefined;
  readonly recipient: Reference | undefined;
  /** The recipient as a resource (the survivor, where the record was merged); absent for departments. */
  readonly person: IdentifiedResource | undefined;
  /** Records of the recipient that were merged, and by which `person` was found. */
  readonly merged: readonly IdentifiedResource[];
  /** The recipient's record was merged and its survivor cannot be read. */
  readonly survivorLost: boolean;
  /** The recipient's Consents, in no order; patients only. */
  readonly consents: readonly IdentifiedResource[];
  readonly channel: Channel | undefined;
  readonly text: string | undefined;
  readonly quietHours: QuietHours | undefined;
  /** Caps that apply, with how many messages each already counts. */
  readonly caps: readonly { readonly max: number; readonly sent: number }[];
  /** The Communication of this request, if an earlier attempt left one. */
  readonly attempt: IdentifiedResource | undefined;
  readonly attemptId: string;
}

/**
 * Undefined where there is nothing to send any more: the request is gone, revoked or done. The attempt is read through the
 * draft, so that what is written over it is expected to be what the guards saw.
 */
export async function gatherFacts(
  desk: Desk,
  job: LeasedJob,
  draft: Draft,
): Promise<Facts | undefined> {
  const { store, rules } = desk;
  const payload = readPayload(job);
  const request = await readCurrent(store, `CommunicationRequest/${payload.request}`);
  if (request?.['status'] !== 'active') return undefined;
  const now = desk.clock();
  const rule = rules.rule(payload.rule);
  const step = rule?.mode === 'live' ? messageStep(rule, payload.step) : undefined;
  const planned = asReferences((request['recipient'] ?? []) as readonly unknown[])[0];
  const { recipient, person, ...survival } = await survivorOf(store, planned);
  const isPatient = recipient !== undefined && typeOf(recipient) === 'Patient';
  const attemptId = derivedId(['attempt', payload.request]);
  const attempt = await draft.read('Communication', attemptId);
  const contents = request['payload'] as readonly { readonly contentString?: string }[] | undefined;
  return {
    now,
    payload,
    request,
    rule,
    step,
    focus: await readCurrent(store, payload.focus),
    recipient,
    person,
    ...survival,
    consents: await consentsOf(store, recipient),
    channel: recipient && channelFor(desk, step, { recipient, person, now }),
    text: contents?.[0]?.contentString,
    quietHours: isPatient ? quietHoursOf(desk, step) : undefined,
    caps: isPatient ? await capsOf(desk, step, { recipient, now, zone: payload.zone }) : [],
    attempt: attempt === 'deleted' ? undefined : attempt,
    attemptId,
  };
}

function messageStep(rule: Rule, name: string): MessageStep | undefined {
  const step = rule.steps.find((each) => each.name === name);
  return step?.do === 'communication' || step?.do === 'plan' ? step : undefined;
}

async function readCurrent(
  store: Store,
  reference: string,
): Promise<IdentifiedResource | undefined> {
  const target = splitReference(reference);
  const version = target && (await store.read(target.type, target.id));
  return version && !version.deleted ? (resourceOf(version) as IdentifiedResource) : undefined;
}

type Survivor = Pick<Facts, 'recipient' | 'person' | 'merged' | 'survivorLost'>;

/** Follows Patient.link `replaced-by` to the record that lives on. */
async function survivorOf(store: Store, planned: Reference | undefined): Promise<Survivor> {
  let recipient = planned;
  const merged: IdentifiedResource[] = [];
  for (let hop = 0; hop <= limits.mergeChainMax; hop++) {
    const reference = recipient?.reference;
    const person = reference === undefined ? undefined : await readCurrent(store, reference);
    const next = person && replacedBy(person);
    if (!next) return { recipient, person, merged, survivorLost: hop > 0 && !person };
    merged.push(person);
    recipient = next;
  }
  return { recipient, person: undefined, merged, survivorLost: true };
}

function replacedBy(person: Resource): Reference | undefined {
  const links = (person['link'] ?? []) as readonly { type?: string; other?: unknown }[];
  const link =
    person.resourceType === 'Patient' && links.find((each) => each.type === 'replaced-by');
  return link ? asReferences([link.other])[0] : undefined;
}

/** Those of a patient, as they are now; others have none. */
export async function consentsOf(
  store: Store,
  recipient: Reference | undefined,
): Promise<Facts['consents']> {
  const target = splitReference(recipient?.reference ?? '');
  if (target?.type !== 'Patient') return [];
  const page = await store.search({
    types: ['Consent'],
    where: { op: 'reference', param: 'patient', type: target.type, id: target.id },
    sort: [],
    count: limits.relatedMax,
    total: 'none',
  });
  return page.matches.map((version) => resourceOf(version) as IdentifiedResource);
}

function channelFor(
  desk: Desk,
  step: MessageStep | undefined,
  to: { recipient: Reference; person: Resource | undefined; now: Date },
): Channel | undefined {
  const { channels } = desk.rules.settings;
  const usual = typeOf(to.recipient) === 'Patient' ? channels.patient : channels.staff;
  return (step?.channels ?? usual)
    .map((id) => desk.channels.get(id))
    .find((channel) => channel?.reaches(to.recipient, to.person, to.now) === true);
}

function quietHoursOf(desk: Desk, step: MessageStep | undefined): QuietHours | undefined {
  const own = step?.quietHours;
  return own === 'none' ? undefined : (own ?? desk.rules.settings.quietHours);
}

/** The site's cap over all messages, and the step's own over its category. */
async function capsOf(
  desk: Desk,
  step: MessageStep | undefined,
  to: { recipient: Reference; now: Date; zone: string },
): Promise<Facts['caps']> {
  const { cap } = desk.rules.settings;
  const caps: { cap: Cap; category: string | undefined }[] = [];
  if (cap) caps.push({ cap, category: undefined });
  if (step?.limit) caps.push({ cap: step.limit, category: step.category });
  return Promise.all(
    caps.map(async (each) => ({
      max: each.cap.max,
      sent: await sentSince(desk.store, to.recipient, {
        since: shift(to.now, negated(each.cap), to.zone),
        category: each.category,
      }),
    })),
  );
}

function negated(cap: Cap): Cap['per'] {
  return { text: `-${cap.per.text}`, duration: cap.per.duration.negate() };
}

async function sentSince(
  store: Store,
  recipient: Reference,
  { since, category }: { since: Date; category: string | undefined },
): Promise<number> {
  const target = splitReference(recipient.reference ?? '');
  if (!target) return 0;
  const lo = since.getTime();
  const page = await store.search({
    types: ['Communication'],
    where: {
      op: 'and',
      nodes: [
        { op: 'reference', param: 'recipient', type: target.type, id: target.id },
        { op: 'token', param: 'status', code: 'completed' },
        { op: 'date', param: 'sent', prefix: 'gt', lo, hi: lo + 1 },
        ...(category === undefined
          ? []
          : [{ op: 'token', param: 'category', code: category } as const]),
      ],
    },
    sort: [],
    count: 0,
    total: 'accurate',
  });
  return page.total ?? 0;
}
