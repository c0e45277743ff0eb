import type { Resource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import type { Channel } from '../channel.ts';
import type { Log } from '../log.ts';

/**
 * Stands where a text or mail gateway will: it takes whom such a gateway could reach, and writes one
 * structured line without patient data.
 */
export function logChannel(log: Log): Channel {
  return {
    id: 'log',
    withinCommit: false,
    textMax: limits.messageTextMax,
    reaches: (_recipient, resource, now) => contactPoints(resource).some(usableAt(now)),
    send: async ({ id, category, priority, text }) => {
      log.info({ channel: 'log', message: id, category, priority, length: text.length }, 'message');
      return { providerId: `log:${id}`, status: 'sent' };
    },
  };
}

interface ContactPoint {
  readonly system?: string;
  readonly value?: string;
  readonly use?: string;
  readonly period?: { readonly end?: string };
}

function contactPoints(resource: Resource | undefined): readonly ContactPoint[] {
  return (resource?.['telecom'] as readonly ContactPoint[] | undefined) ?? [];
}

function usableAt(now: Date): (point: ContactPoint) => boolean {
  return ({ system, value, use, period }) =>
    (system === 'phone' || system === 'sms' || system === 'email') &&
    value !== undefined &&
    use !== 'old' &&
    (period?.end === undefined || new Date(period.end) > now);
}
