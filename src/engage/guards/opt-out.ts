import type { Resource } from '../../fhir/resource.ts';
import type { Guard } from '../objection.ts';

interface Provision {
  readonly type?: string;
  readonly code?: readonly { readonly coding?: readonly { readonly code?: string }[] }[];
}

/** The newest active Consent that speaks of this category (or of all) decides; without one there is no objection. */
export const optOutGuard: Guard = ({ consents, step }) => {
  const category = step?.category;
  const newest = consents
    .filter((consent) => consent['status'] === 'active' && isAboutMessages(consent))
    .toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)))
    .map((consent) => (consent['provision'] ?? {}) as Provision)
    .find((provision) => speaksOf(provision, category));
  return newest?.type === 'deny' ? { kind: 'refuse', reason: 'opt-out' } : undefined;
};

/** Other consents (research, record sharing) say nothing about messages. */
function isAboutMessages(consent: Resource): boolean {
  const categories = (consent['category'] ?? []) as NonNullable<Provision['code']>;
  return categories.some((each) => each.coding?.some(({ code }) => code === 'crm-messaging'));
}

function speaksOf(provision: Provision, category: string | undefined): boolean {
  const codes = (provision.code ?? []).flatMap((each) => each.coding ?? []);
  return codes.length === 0 || codes.some(({ code }) => code === category);
}

function timeOf(consent: Resource): string {
  const at = new Date((consent['dateTime'] ?? consent.meta?.lastUpdated ?? '') as string);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
