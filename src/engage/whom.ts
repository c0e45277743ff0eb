import type { Resource } from '../fhir/resource.ts';
import type { Store } from '../store/store.ts';
import type { Occurrence } from './intent.ts';
import { recordsOfPerson } from './one-person.ts';
import { patientOf, referenceTo, splitReference } from './reference.ts';
import { resourceOf } from './world.ts';

/**
 * What keeps the order of events: those that have one of these in common are handled one after another. It is the
 * resource itself, and every record of the person that it is about, or was about before.
 */
export class Whom {
  readonly #store: Store;
  readonly #records = new Map<string, Promise<readonly string[]>>();

  /** Keeps what it read: for a page of events. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** `isKnown` is false where no person is named: then what a rule leads to may be about anybody. */
  async of({
    resource,
    previous,
  }: Occurrence): Promise<{ readonly keys: readonly string[]; readonly isKnown: boolean }> {
    const people = [resource, previous].flatMap(
      (each) => (each && patientOf(each)?.reference) ?? [],
    );
    const records = await Promise.all([...new Set(people)].map((one) => this.recordsOf(one)));
    return {
      keys: [...new Set([referenceTo(resource), ...records.flat()])],
      isKnown: people.length > 0,
    };
  }

  recordsOf(person: string): Promise<readonly string[]> {
    const known = this.#records.get(person);
    if (known !== undefined) return known;
    const found = recordsOfPerson(person, (one) => this.#linked(one));
    this.#records.set(person, found);
    return found;
  }

  /** The record, where it may have links to others: few have, and reading one takes longer than looking for the word. */
  async #linked(person: string): Promise<Resource | undefined> {
    const target = splitReference(person);
    const version = target && (await this.#store.read(target.type, target.id));
    if (version === undefined || version.deleted || !version.body.includes('"link"'))
      return undefined;
    return resourceOf(version);
  }
}
