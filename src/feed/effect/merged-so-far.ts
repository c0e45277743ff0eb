import type { Resource } from '../../fhir/resource.ts';
import { withIdentifiers, withRetired, withRevived } from '../../record/merge-records.ts';
import { listOf } from '../../record/same.ts';
import type { EffectOutcome } from './outcome.ts';
import type { SeenRecords } from './seen-records.ts';

type Merge = Extract<EffectOutcome, { kind: 'merge' }>;

/** The numbers of people, current and retired, as the effects of one message leave them so far: a later one goes by that. */
export class MergedSoFar {
  readonly #people = new Map<string, Resource>();
  readonly #seen: SeenRecords;

  constructor(seen: SeenRecords) {
    this.#seen = seen;
  }

  /** Undefined: neither stored nor merged. Of a Patient that is not stored it has only the numbers that merges gave it. */
  async person(reference: string): Promise<Resource | undefined> {
    return this.#people.get(reference) ?? (await this.#seen.resource(reference));
  }

  async merge({ survivor, priors, retired, revived, until }: Merge): Promise<void> {
    let person = (await this.person(survivor)) ?? { resourceType: 'Patient' };
    for (const prior of priors) {
      person = withIdentifiers(person, listOf((await this.person(prior))?.['identifier']));
    }
    this.#people.set(survivor, withRetired(withRevived(person, revived), retired, until));
  }
}
