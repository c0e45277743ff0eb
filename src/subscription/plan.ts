/**
 * What a Subscription asks for (http://hl7.org/fhir/R4/subscription.html), and with a topic as its criteria the
 * Subscriptions R5 Backport (http://hl7.org/fhir/uv/subscriptions-backport/STU1.1): read once, held against every
 * change.
 */
import { isResourceType } from '../fhir/definitions.ts';
import { fail, OutcomeError } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import type { SearchNode } from '../fhir/search-ast.ts';
import { parseSearch } from '../fhir/search-parse.ts';
import { limits } from '../limits.ts';
import { readChannel } from './channel.ts';
import type { SubscriptionChannel } from './channel.ts';
import { extensionsOf, valueOf } from './extension.ts';
import { topicOf } from './topic.ts';
import type { ChangeKind } from './topic.ts';

export interface SubscriptionPlan {
  readonly id: string;
  /** Of the topic; absent where the criteria are a search. */
  readonly topic?: string;
  readonly type: string;
  readonly kinds: ReadonlySet<ChangeKind>;
  readonly where: SearchNode;
  readonly channel: SubscriptionChannel;
  /** Epoch milliseconds at which it is over. */
  readonly end?: number;
}

export interface PlanOptions {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly baseUrl: string;
  /** SubscriptionTopics of the site are among these. */
  readonly topics: readonly Resource[];
  /** Why an address must not be called. */
  readonly objection: (url: string) => string | undefined;
}

/** Throws what stands in its way, each with its place. */
export function planOf(resource: IdentifiedResource, options: PlanOptions): SubscriptionPlan {
  const criteria = textAt(resource['criteria'], 'Subscription.criteria');
  const channel = readChannel(resource['channel'], options.objection);
  const end = typeof resource['end'] === 'string' ? Date.parse(resource['end']) : NaN;
  const shared = { id: resource.id, channel, ...(Number.isNaN(end) ? {} : { end }) };
  if (!/^https?:/.test(criteria)) {
    const where = searchOf(criteria, options);
    return { ...shared, ...where, kinds: new Set<ChangeKind>(['create', 'update']) };
  }
  const topic = topicOf(criteria, options.topics);
  if (topic === undefined) fail('not-supported', 'There is no such topic', place);
  const filters = extensionsOf(resource['_criteria'], 'backport-filter-criteria').map((one) => {
    const filter = searchOf(textAt(valueOf(one), 'Subscription.criteria'), options);
    if (filter.type !== topic.type) fail('value', `The topic is of ${topic.type} only`, place);
    return filter.where;
  });
  const { canonical, type, kinds, criteria: own } = topic;
  const nodes = own === undefined ? filters : [searchOf(own, options).where, ...filters];
  return { ...shared, topic: canonical, type, kinds, where: { op: 'and', nodes } };
}

const place = { expression: ['Subscription.criteria'] };

/** `Type?parameters` as a strict search. */
export function searchOf(
  criteria: string,
  { now, baseUrl }: Pick<PlanOptions, 'now' | 'baseUrl'>,
): { readonly type: string; readonly where: SearchNode } {
  const [type = '', ...rest] = criteria.split('?');
  if (!isResourceType(type))
    fail('value', 'Criteria are a search such as Patient?active=true', place);
  const params = [...new URLSearchParams(rest.join('?'))];
  const forResults = params.find(([name]) => resultParameters.test(name));
  if (forResults !== undefined)
    fail('search-parameter', 'Criteria take search parameters only', place);
  const { query, issues } = parseSearch([type], params, { strict: true, now, baseUrl });
  const [first, ...more] = issues.filter(isError).map((issue) => ({ ...issue, ...place }));
  if (first !== undefined) throw new OutcomeError([first, ...more]);
  return { type, where: query.where };
}

const resultParameters =
  /^(_sort|_count|_include|_revinclude|_summary|_elements|_total|_format|_pretty|_type)(:|$)/;

function textAt(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') {
    fail('required', 'It must be a text', { expression: [path] });
  }
  if (value.length > limits.subscriptionTextChars) {
    const text = `It may have ${limits.subscriptionTextChars} characters (subscriptionTextChars)`;
    fail('limit', text, { expression: [path] });
  }
  return value;
}
