import { errorIssue, type Issue } from '../../fhir/issue.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { Effect, MappedResource, MappingResult } from '../../mapping/result.ts';
import { personClaimKey, type PersonIdentifier } from '../../record/identity.ts';
import { retiredBy, type RetiredNumbers } from '../../record/merge-numbers.ts';
import { elementsOf, hasRetired } from '../../record/merge-records.ts';
import { listOf, textOf } from '../../record/same.ts';
import type { Claim, Store } from '../../store/store.ts';
import {
  identifiersOf,
  PersonFinder,
  type IdentityConflict,
  type ResolvedPerson,
} from '../person.ts';
import type { EffectOutcome } from './outcome.ts';
import { MergedSoFar } from './merged-so-far.ts';
import { OwnedKeys } from './owned-keys.ts';
import type { SeenRecords } from './seen-records.ts';
import { otherKeys, recordKey, recordReference } from './record-keys.ts';

/** Whom and what a message is about. */
export interface Identities {
  readonly byFullUrl: ReadonlyMap<string, ResolvedPerson>;
  /** `Type/id` of a resource with a business key. */
  readonly recordReference: (mapped: MappedResource) => string;
  /** The identifiers that become theirs with this commit, and those that it goes by. */
  readonly claims: readonly Claim[];
  /** People who may be one, or one who may be two: each for a human to decide. */
  readonly conflicts: readonly IdentityConflict[];
  /** What the event does, in the order of the message. */
  readonly outcomes: readonly EffectOutcome[];
  /** What the message page should say of effects that come to nothing. */
  readonly remarks: readonly Issue[];
  /** Why the message cannot be taken as it is: for a human to decide. */
  readonly refusal?: MergeRefusal;
}

/** A merge that goes against an earlier one. */
export interface MergeRefusal {
  readonly issue: Issue;
  /** Whose both numbers are: `Patient/id`, where that is stored. */
  readonly person?: string;
  /** The number that was to go on, and those that were to end. */
  readonly into: PersonIdentifier;
  readonly from: readonly PersonIdentifier[];
}

/** Finds everybody that a message is about, and what its effects come to. Reads the store and writes nothing. */
export async function resolveIdentities(
  store: Store,
  result: Pick<MappingResult, 'resources' | 'effects'>,
  { seen, newId }: { readonly seen: SeenRecords; readonly newId: () => string },
): Promise<Identities> {
  const { resources, effects = [] } = result;
  const named = effects.length === 0 ? resources : [...resources, ...effects.map(({ of }) => of)];
  const keys = await OwnedKeys.of(store, named.flatMap(claimKeys));
  const finder = new PersonFinder(seen, keys, newId);
  const resolver = new EffectResolver(store, seen, { keys, people: finder });
  for (const effect of effects) await resolver.resolve(effect);
  for (const person of resources.filter(isPerson)) await finder.find(person);
  // Records are found last, when it is settled who is who.
  const references = new Map(
    resources
      .filter(({ identity }) => identity.kind === 'key')
      .map((mapped) => [mapped.fullUrl, recordReference(mapped, keys)]),
  );
  return {
    byFullUrl: finder.byFullUrl,
    recordReference: ({ fullUrl }) => references.get(fullUrl) ?? '',
    claims: keys.claims(),
    conflicts: finder.conflicts,
    outcomes: resolver.outcomes,
    remarks: resolver.remarks,
    ...(resolver.refusal === undefined ? {} : { refusal: resolver.refusal }),
  };
}

function isPerson({ identity }: MappedResource): boolean {
  return identity.kind === 'person';
}

function claimKeys(mapped: MappedResource): readonly string[] {
  const record = recordKey(mapped);
  return record === undefined ? identifiersOf(mapped).map(personClaimKey) : [record];
}

/** Finds out what effects come to, one after another: a later one meets who was merged by an earlier. */
class EffectResolver {
  readonly outcomes: EffectOutcome[] = [];
  readonly remarks: Issue[] = [];
  refusal: MergeRefusal | undefined;
  readonly #store: Store;
  readonly #seen: SeenRecords;
  readonly #keys: OwnedKeys;
  readonly #people: PersonFinder;
  readonly #merged: MergedSoFar;

  constructor(
    store: Store,
    seen: SeenRecords,
    { keys, people }: { readonly keys: OwnedKeys; readonly people: PersonFinder },
  ) {
    this.#store = store;
    this.#seen = seen;
    this.#merged = new MergedSoFar(seen);
    this.#keys = keys;
    this.#people = people;
  }

  async resolve(effect: Effect): Promise<void> {
    const { kind, of } = effect;
    if (kind === 'link' || kind === 'unlink') return this.#link(effect, kind);
    if (kind === 'move') return isPerson(of) ? this.#moveNumbers(effect) : this.#moveRecord(effect);
    return isPerson(of) ? this.#mergePersons(effect) : this.#mergeRecords(effect);
  }

  async #link({ of, into }: Effect, kind: 'link' | 'unlink'): Promise<void> {
    const one = await this.#people.find(into);
    const other = await this.#people.find(of);
    if (one.reference === other.reference) {
      this.#remark(
        'information',
        `${one.reference} is both people already; there is nothing to ${kind}`,
      );
      return;
    }
    this.outcomes.push({ kind, one: one.reference, other: other.reference });
  }

  async #mergePersons(effect: Effect): Promise<void> {
    const { kind, of, into } = effect;
    const { retired, own } = numbersOf(effect);
    const besides = new Set(retired.map(personClaimKey));
    const priors = this.#ownersOf(retired);
    const [first] = own;
    if (first === undefined) {
      this.#remark('warning', 'Both numbers are the same one; nothing was merged');
      return;
    }
    if (!own.some(({ system }) => retired.some((each) => each.system === system))) {
      return this.#acrossAuthorities(into, { besides, priors });
    }
    const survivor = await this.#survivorOf(effect, { own, besides, priors });
    const others = priors.filter((prior) => prior !== survivor);
    if (others.length === 0 && priors.length > 0) {
      const person = await this.#merged.person(survivor);
      if (person && (await this.#isSettled(effect, { survivor, person }, { first, retired })))
        return;
    }
    for (const prior of others) await this.#handOver(prior, survivor);
    for (const key of besides)
      if (this.#keys.owner(key) === undefined) this.#keys.give(key, survivor);
    const outcome = {
      kind: 'merge',
      survivor,
      priors: others,
      retired: elementsOf(of.resource, retired),
      revived: kind === 'change' ? own : [],
      ...(kind === 'change' && into.eventTime !== undefined ? { until: into.eventTime } : {}),
    } as const;
    this.outcomes.push(outcome);
    await this.#merged.merge(outcome);
  }

  /** Who goes on: whoever has another of the numbers of PID; else, where all are the prior's or it is a `change`, the prior; else new. */
  async #survivorOf(
    { kind, into }: Effect,
    given: {
      readonly own: readonly PersonIdentifier[];
      readonly besides: ReadonlySet<string>;
      readonly priors: readonly string[];
    },
  ): Promise<string> {
    const { own, besides, priors } = given;
    const owners = own.flatMap((each) => this.#keys.owner(personClaimKey(each)) ?? []);
    const [prior] = priors;
    const one = owners.find((owner) => priors.includes(owner));
    const isOther = owners.some((owner) => !priors.includes(owner));
    const same = kind === 'change' ? (one ?? prior) : one;
    if (!isOther && same !== undefined) return this.#people.settle(into, same, own).reference;
    return (await this.#people.find(into, { keys: besides, owners: new Set(priors) })).reference;
  }

  /** Whether two numbers of one person are as the message wants them, or cannot be. */
  async #isSettled(
    { kind }: Effect,
    { survivor, person }: { readonly survivor: string; readonly person: Resource },
    numbers: { readonly first: PersonIdentifier; readonly retired: readonly PersonIdentifier[] },
  ): Promise<boolean> {
    if (numbers.retired.every((each) => hasRetired(person, each)) && !isReversed(person, numbers)) {
      this.#remark('information', 'They were merged before; nothing was changed');
      return true;
    }
    if (kind !== 'merge' || !isReversed(person, numbers)) return false;
    const isStored = (await this.#seen.resource(survivor)) !== undefined;
    const text =
      'The number that is to go on was merged into the other one before; undo that first, or send the merge the other way round';
    this.refusal ??= {
      issue: errorIssue('merge-refused', text, { location: 'MRG-1' }),
      ...(isStored ? { person: survivor } : {}),
      into: numbers.first,
      from: numbers.retired,
    };
    return true;
  }

  /** One number does not say whose number of another authority it is: a human has to see to it. */
  async #acrossAuthorities(
    into: MappedResource,
    {
      besides,
      priors,
    }: { readonly besides: ReadonlySet<string>; readonly priors: readonly string[] },
  ): Promise<void> {
    const { reference } = await this.#people.find(into, { keys: besides });
    const others = priors.filter((prior) => prior !== reference);
    for (const other of others) {
      this.#people.conflicts.push({ use: reference, owners: [reference, other].sort() });
    }
    const text =
      'The prior number is of another authority than the one that goes on; nothing was merged';
    this.#remark('warning', others.length === 0 ? text : `${text}, a review Task is open`);
  }

  /** All numbers of a person become another's. */
  async #handOver(from: string, to: string): Promise<void> {
    const stored = await this.#seen.resource(from);
    const keys = listOf(stored?.['identifier']).flatMap((each) => {
      const [system, value] = [textOf(each, 'system'), textOf(each, 'value')];
      return system === '' || value === '' ? [] : [personClaimKey({ system, value })];
    });
    await this.#keys.learn(this.#store, keys);
    this.#keys.handOver(keys, { from, to });
  }

  async #moveNumbers({ of, into }: Effect): Promise<void> {
    const numbers = identifiersOf(of);
    const besides = new Set(numbers.map(personClaimKey));
    const own = identifiersOf(into).filter((each) => !besides.has(personClaimKey(each)));
    if (own.length === 0) {
      this.#remark(
        'warning',
        'The message does not say to whom the number goes; nothing was moved',
      );
      return;
    }
    const to = (await this.#people.find(into, { keys: besides })).reference;
    const from = this.#ownersOf(numbers).filter((owner) => owner !== to);
    for (const key of besides) this.#keys.give(key, to);
    const identifiers = listOf(of.resource['identifier']);
    this.outcomes.push({ kind: 'move-numbers', from, to, numbers, identifiers });
  }

  async #moveRecord({ of, into }: Effect): Promise<void> {
    const { reference, identifier } = await this.#people.find(into);
    const record = recordReference(of, this.#keys);
    const called = listOf(of.resource['identifier']);
    this.outcomes.push({ kind: 'move-record', record, called, to: reference, number: identifier });
  }

  async #mergeRecords({ kind, of, into }: Effect): Promise<void> {
    const [priorKey, ownKey] = [recordKey(of), recordKey(into)];
    if (priorKey === undefined || ownKey === undefined) return;
    if (priorKey === ownKey) {
      this.#remark('warning', 'Both numbers are the same one; nothing was merged');
      return;
    }
    const prior = recordReference(of, this.#keys);
    let survivor = recordReference(into, this.#keys);
    if (prior === survivor) {
      this.#remark('information', 'They were merged before; nothing was changed');
      return;
    }
    const before = await this.#seen.resource(prior);
    if (
      kind === 'change' &&
      before !== undefined &&
      (await this.#seen.resource(survivor)) === undefined
    ) {
      this.#keys.give(ownKey, prior);
      survivor = prior;
    } else {
      this.#keys.give(priorKey, survivor);
      const keys = before === undefined ? [] : otherKeys(before);
      await this.#keys.learn(this.#store, keys);
      this.#keys.handOver(keys, { from: prior, to: survivor });
    }
    this.outcomes.push({
      kind: 'merge',
      survivor,
      priors: survivor === prior || before === undefined ? [] : [prior],
      retired: listOf(of.resource['identifier']),
      revived: [],
      ...(kind === 'change' && into.eventTime !== undefined ? { until: into.eventTime } : {}),
    });
  }

  #ownersOf(numbers: readonly PersonIdentifier[]): readonly string[] {
    const owners = numbers.flatMap((each) => {
      const key = personClaimKey(each);
      this.#keys.rely(key);
      return this.#keys.owner(key) ?? [];
    });
    return [...new Set(owners)];
  }

  #remark(severity: 'warning' | 'information', diagnostics: string): void {
    this.remarks.push({ code: 'merge-refused', severity, diagnostics });
  }
}

/** What the merges of people in a message say of their numbers: as a refusal names them. */
export function mergedNumbers({
  effects = [],
}: Pick<MappingResult, 'effects'>): readonly Pick<MergeRefusal, 'into' | 'from'>[] {
  return effects
    .filter(({ kind, of }) => kind === 'merge' && isPerson(of))
    .flatMap((effect) => {
      const { retired: from, own } = numbersOf(effect);
      const [into] = own;
      return into === undefined ? [] : [{ into, from }];
    });
}

function numbersOf({ of, into }: Effect): RetiredNumbers {
  return retiredBy(identifiersOf(of), identifiersOf(into));
}

/** Whether the number that is to go on was retired for the sake of one that is to be retired now. */
function isReversed(
  person: Resource,
  {
    first,
    retired,
  }: { readonly first: PersonIdentifier; readonly retired: readonly PersonIdentifier[] },
): boolean {
  return hasRetired(person, first) && !retired.every((each) => hasRetired(person, each));
}
