import type { IdentifiedResource } from '../fhir/resource.ts';
import { same, without } from '../record/same.ts';
import { concept, notDoneReasons, systems, type NotDoneReason } from './codes.ts';
import type { Facts } from './facts.ts';

/** How one attempt stands: the Communication that says so (http://hl7.org/fhir/R4/communication.html). */
export type Standing =
  | { readonly status: 'in-progress' }
  | { readonly status: 'completed'; readonly providerId: string }
  | { readonly status: 'not-done'; readonly reason: NotDoneReason };

/**
 * The attempt as it is decided.
 * @param before what an earlier try left: an element that others put there, such as a note, stays
 */
export function attemptOf(
  facts: Facts,
  standing: Standing,
  before?: IdentifiedResource,
): IdentifiedResource {
  const { request, recipient, channel, text } = facts;
  return {
    ...(before && without(before, ownElements)),
    resourceType: 'Communication',
    id: facts.attemptId,
    identifier: [
      ...((request['identifier'] ?? []) as readonly object[]),
      ...(standing.status === 'completed' && channel
        ? [{ system: `urn:weir:channel:${channel.id}`, value: standing.providerId }]
        : []),
    ],
    basedOn: [{ reference: `CommunicationRequest/${request.id}` }],
    status: standing.status,
    ...(standing.status === 'not-done' ? { statusReason: reasonConcept(standing.reason) } : {}),
    category: request['category'],
    priority: request['priority'],
    ...(channel ? { medium: [concept(systems.channel, channel.id)] } : {}),
    ...(request['subject'] === undefined ? {} : { subject: request['subject'] }),
    about: request['about'],
    ...(standing.status === 'completed' ? { sent: facts.now.toISOString() } : {}),
    ...(recipient ? { recipient: [recipient] } : {}),
    ...(text ? { payload: [{ contentString: text }] } : {}),
  };
}

/** Elements of an attempt that it may come to have no more. */
const ownElements = ['statusReason', 'medium', 'subject', 'sent', 'recipient', 'payload'];

/** The attempt that was under way, once it has an outcome: all else in it stays as others have it by now. */
export function settledAttempt(
  attempt: IdentifiedResource,
  facts: Facts,
  standing: Standing,
): IdentifiedResource {
  const { identifier = [], status, statusReason, sent } = attemptOf(facts, standing);
  const known = (attempt['identifier'] ?? []) as readonly object[];
  const added = (identifier as readonly object[]).filter(
    (each) => !known.some((one) => same(one, each)),
  );
  return {
    ...without(attempt, ['statusReason']),
    identifier: [...known, ...added],
    status,
    ...(statusReason === undefined ? {} : { statusReason }),
    ...(sent === undefined ? {} : { sent }),
  };
}

/** Whether somebody has said what became of it; nobody says it again. */
export function hasOutcome(attempt: IdentifiedResource | 'deleted' | undefined): boolean {
  return attempt !== undefined && attempt !== 'deleted' && attempt['status'] !== 'in-progress';
}

/** The request once its message has an outcome. */
export function settledRequest(
  request: IdentifiedResource,
  standing: Standing,
): IdentifiedResource {
  return standing.status === 'not-done'
    ? { ...request, status: 'revoked', statusReason: reasonConcept(standing.reason) }
    : { ...request, status: 'completed' };
}

function reasonConcept(reason: NotDoneReason): object {
  return concept(systems.notDoneReason, reason, notDoneReasons[reason]);
}
