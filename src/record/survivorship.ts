/** Who holds a value: a source by its name, or `manual` for an edit that came by no feed. */
export interface Holder {
  readonly source: string;
  /** When the source said it happened; absent for a manual edit. */
  readonly at?: Date;
}

export const manualHolder: Holder = { source: 'manual' };

/** Whose word counts where two holders changed the same element. */
export interface SurvivorshipRule {
  /** Holders, strongest first. Those that are not named come after all that are. */
  readonly prefer: readonly string[];
  /**
   * What the stronger holder withstands: only a `first-mention` (the other source never said anything
   * else about it, so it may be old news), or `any` word, a real change included.
   */
  readonly against: 'first-mention' | 'any';
}

/** Rules by element name, such as `telecom`; `*` is for all others. */
export type Survivorship = Readonly<Record<string, SurvivorshipRule>>;

const staffFirst: SurvivorshipRule = { prefer: ['manual'], against: 'first-mention' };

/**
 * Contact details that a member of staff or the person typed in stand against a feed that speaks of
 * them for the first time; a feed that really changed them wins. All else: the newest event wins.
 */
export const defaultSurvivorship: Survivorship = {
  telecom: staffFirst,
  address: staffFirst,
  name: staffFirst,
  contact: staffFirst,
  communication: staffFirst,
};

/**
 * Decides between the value in the store and a source's new one. Rank first, then the newer event, then
 * the name: so that the outcome does not depend on the order of arrival.
 */
export function survivor(
  rules: Survivorship,
  contest: {
    readonly element: string;
    readonly stored: Holder;
    readonly incoming: Holder;
    readonly firstMention: boolean;
  },
): 'stored' | 'incoming' {
  const { stored, incoming, firstMention } = contest;
  const rule = rules[contest.element] ?? rules['*'];
  if (rule && (firstMention || rule.against === 'any')) {
    const difference = rank(rule, stored) - rank(rule, incoming);
    if (difference !== 0) return difference < 0 ? 'stored' : 'incoming';
  }
  const storedAt = stored.at?.getTime() ?? -Infinity;
  const incomingAt = incoming.at?.getTime() ?? Infinity;
  if (storedAt !== incomingAt) return storedAt > incomingAt ? 'stored' : 'incoming';
  return stored.source > incoming.source ? 'stored' : 'incoming';
}

function rank(rule: SurvivorshipRule, holder: Holder): number {
  const place = rule.prefer.indexOf(holder.source);
  return place === -1 ? rule.prefer.length : place;
}
