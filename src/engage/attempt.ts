import type { IdentifiedResource } from '../fhir/resource.ts';
import { concept, notDoneReasons, systems, type NotDoneReason } from './codes.ts';
import type { Facts } from './facts.ts';

/** How one attempt stands: the Communication that says so (http://hl7.org/fhir/R4/communication.html). */
export type Standing =
  | { readonly status: 'in-progress' }
  | { readonly status: 'completed'; readonly providerId: string }
  | { readonly status: 'not-done'; readonly reason: NotDoneReason };

export function attemptOf(facts: Facts, standing: Standing): IdentifiedResource {
  const { request, recipient, channel, text } = facts;
  return {
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
