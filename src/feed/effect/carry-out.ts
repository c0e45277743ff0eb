import type { Resource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import {
  mergePersons,
  mergeRecords,
  withIdentifiers,
  withoutIdentifiers,
  withRetired,
  withRevived,
} from '../../record/merge-records.ts';
import { linksOf, withLink, withoutLink } from '../../record/person-links.ts';
import { textOf } from '../../record/same.ts';
import type { Store } from '../../store/store.ts';
import type { PlannedWrite, Speaker } from '../write.ts';
import type { EffectOutcome } from './outcome.ts';
import type { Identities } from './resolve.ts';
import { findReferring, findVisitsOf, repointed, type Repointing } from './repoint.ts';
import type { SeenRecords } from './seen-records.ts';
import { WorkingRecords } from './working-records.ts';

/** What a commit writes with its effects, and what is to be looked at once it is in. */
export interface CarriedOut {
  readonly writes: readonly PlannedWrite[];
  readonly repointings: readonly Repointing[];
}

type OutcomeOf<Kind extends EffectOutcome['kind']> = Extract<EffectOutcome, { kind: Kind }>;

/**
 * Carries out what a message does to records, on top of what it writes. Of what refers to a record that was merged or moved
 * as much is turned as one commit holds (limits.repointBatchMax); the rest is for repoint-run.ts.
 */
export async function carryOut(
  store: Store,
  writes: readonly PlannedWrite[],
  given: Pick<Identities, 'outcomes'> & { readonly seen: SeenRecords; readonly speaker: Speaker },
): Promise<CarriedOut> {
  if (given.outcomes.length === 0) return { writes, repointings: [] };
  const carrying = new Carrying(store, writes, given);
  for (const outcome of given.outcomes) await carrying.out(outcome);
  await carrying.turn();
  return { writes: carrying.records.writes(), repointings: carrying.repointings };
}

interface Turn {
  readonly from: string;
  readonly to: string;
}

class Carrying {
  readonly records: WorkingRecords;
  repointings: Repointing[] = [];
  readonly #store: Store;

  constructor(
    store: Store,
    writes: readonly PlannedWrite[],
    given: { readonly seen: SeenRecords; readonly speaker: Speaker },
  ) {
    this.#store = store;
    this.records = new WorkingRecords(writes, given);
  }

  async out(outcome: EffectOutcome): Promise<void> {
    switch (outcome.kind) {
      case 'merge':
        return this.#merge(outcome);
      case 'move-numbers':
        return this.#moveNumbers(outcome);
      case 'move-record':
        return this.#moveRecord(outcome);
      default:
        return this.#link(outcome);
    }
  }

  /** Turns the references of what is stored; what comes meanwhile is met by repoint-run.ts. */
  async turn(): Promise<void> {
    let room: number = limits.repointBatchMax;
    for (const repointing of this.repointings) {
      if (room <= 0) return;
      const found = await findReferring(this.#store, repointing, room);
      for (const version of found) {
        this.records.know(version);
        const reference = `${version.type}/${version.id}`;
        await this.records.change(reference, (record) => repointed(record, repointing));
      }
      room -= found.length;
    }
  }

  async #merge({ survivor, priors, retired, until, revived }: OutcomeOf<'merge'>): Promise<void> {
    const isPerson = survivor.startsWith('Patient/');
    for (const prior of priors) {
      const one = await this.records.read(survivor);
      const other = await this.records.read(prior);
      this.#goesOn(prior, survivor, isPerson ? undefined : subjectOf(other));
      if (one === undefined || other === undefined) continue;
      const merged = (isPerson ? mergePersons : mergeRecords)(
        { reference: survivor, resource: one },
        { reference: prior, resource: other },
      );
      if (isPerson) await this.#relink(other, { from: prior, to: survivor });
      await this.records.change(survivor, () => merged.survivor);
      await this.records.change(prior, () => merged.prior);
    }
    await this.records.change(survivor, (record) =>
      withRetired(withRevived(record, revived), retired, until),
    );
  }

  /** Who was linked with the prior is linked with the survivor. */
  async #relink(prior: Resource, { from, to }: Turn): Promise<void> {
    for (const { other, type } of linksOf(prior)) {
      if (type !== 'seealso' || other === to) continue;
      await this.records.change(other, (person) =>
        withLink(withoutLink(person, { other: from, type }), { other: to, type }),
      );
    }
  }

  /** Who was to be turned to the prior by an earlier effect of the message goes to the survivor at once. */
  #goesOn(from: string, to: string, among: string | undefined): void {
    const before = this.repointings.map((each) => (each.to === from ? { ...each, to } : each));
    this.repointings = [...before, { from, to, ...(among === undefined ? {} : { among }) }];
  }

  async #moveNumbers(outcome: OutcomeOf<'move-numbers'>): Promise<void> {
    const { from, to, numbers, identifiers } = outcome;
    await this.records.change(to, (record) => withIdentifiers(record, identifiers));
    for (const person of from) {
      await this.records.change(person, (record) => withoutIdentifiers(record, identifiers));
      this.repointings.push({ from: person, to, under: numbers });
    }
  }

  /** The record itself says already whose it is, unless the message is older than what is known of it. */
  async #moveRecord(outcome: OutcomeOf<'move-record'>): Promise<void> {
    const { record, called, to, number } = outcome;
    if (this.records.isStale(record)) return;
    if (record.startsWith('Account/')) await this.#moveVisitsOf(called, { to, number });
    const before = await this.records.before(record);
    const from = subjectOf(before);
    if (from === undefined || from === to) return;
    this.repointings.push({
      from,
      to,
      within: record,
      ...(number === undefined ? {} : { number }),
    });
  }

  /** The visits of an account name it by its number. */
  async #moveVisitsOf(
    called: readonly unknown[],
    { to, number }: Pick<OutcomeOf<'move-record'>, 'to' | 'number'>,
  ): Promise<void> {
    for (const version of await findVisitsOf(this.#store, called)) {
      const visit = `Encounter/${version.id}`;
      this.records.know(version);
      const from = subjectOf(await this.records.read(visit));
      if (from === undefined || from === to) continue;
      const turn = { from, to, ...(number === undefined ? {} : { number }) };
      await this.records.change(visit, (record) => repointed(record, turn));
      this.repointings.push({ ...turn, within: visit });
    }
  }

  async #link({ kind, one, other }: OutcomeOf<'link' | 'unlink'>): Promise<void> {
    const between =
      (to: string) =>
      (person: Resource): Resource =>
        (kind === 'link' ? withLink : withoutLink)(person, { other: to, type: 'seealso' });
    await this.records.change(one, between(other));
    await this.records.change(other, between(one));
  }
}

/** The person of a visit or account; undefined where it does not say. */
function subjectOf(record: Resource | undefined): string | undefined {
  const subject = record?.['subject'];
  const reference = textOf(Array.isArray(subject) ? subject[0] : subject, 'reference');
  return reference === '' ? undefined : reference;
}
