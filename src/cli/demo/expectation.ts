import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What must be so after the demo was played, once or several times: `expected.yaml` of the demo site. */
export interface Expectation {
  /** Names for people, each by one of their identifiers as `system|value`. */
  readonly people: Readonly<Record<string, string>>;
  /** Frames by sender (MSH-3) and acknowledgment code. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Names that must turn out to be one and the same person. */
  readonly same: readonly (readonly string[])[];
  readonly facts: readonly Fact[];
}

/** A search whose total is known; `{name}` stands for the id of one of the people. */
export interface Fact {
  readonly what: string;
  readonly search: string;
  readonly total: number;
}

/** The part of the FHIR interface that the check asks. */
export type SearchJson = (query: string) => Promise<{
  readonly total?: number;
  readonly entry?: readonly { readonly resource?: { readonly id?: string } }[];
}>;

export function readExpectation(file: string): Expectation {
  return parse(readFileSync(file, 'utf8')) as Expectation;
}

/** The ids of the people; a person that is not there exactly once is a deviation. */
export async function findPeople(
  expectation: Expectation,
  search: SearchJson,
): Promise<{ ids: ReadonlyMap<string, string>; deviations: readonly string[] }> {
  const ids = new Map<string, string>();
  const deviations: string[] = [];
  for (const [name, identifier] of Object.entries(expectation.people)) {
    const { entry = [] } = await search(`Patient?identifier=${encodeURIComponent(identifier)}`);
    const [id] = entry.flatMap(({ resource }) => resource?.id ?? []);
    if (entry.length === 1 && id !== undefined) ids.set(name, id);
    else deviations.push(`${name}: ${entry.length} people have the number ${identifier}, not 1`);
  }
  for (const names of expectation.same) {
    const different = new Set(names.map((name) => ids.get(name))).size > 1;
    if (different) deviations.push(`${names.join(', ')} are not one person`);
  }
  return { ids, deviations };
}

/** One sentence for each fact that does not hold. */
export async function checkFacts(
  expectation: Expectation,
  ids: ReadonlyMap<string, string>,
  search: SearchJson,
): Promise<readonly string[]> {
  const deviations: string[] = [];
  for (const { what, search: query, total } of expectation.facts) {
    const filled = query.replaceAll(
      /\{(\w+)\}/g,
      (_all, name: string) => ids.get(name) ?? 'nobody',
    );
    const separator = filled.includes('?') ? '&' : '?';
    const found = (await search(`${filled}${separator}_summary=count`)).total;
    if (found !== total) deviations.push(`${what}: ${query} finds ${found}, not ${total}`);
  }
  return deviations;
}

/** One sentence for each sender and code whose count is another. */
export function checkAnswers(
  expectation: Expectation,
  answers: ReadonlyMap<string, ReadonlyMap<string, number>>,
): readonly string[] {
  const deviations: string[] = [];
  for (const sender of new Set([...Object.keys(expectation.answers), ...answers.keys()])) {
    const expected = expectation.answers[sender] ?? {};
    const found = answers.get(sender) ?? new Map<string, number>();
    for (const code of new Set([...Object.keys(expected), ...found.keys()])) {
      const [want, have] = [expected[code] ?? 0, found.get(code) ?? 0];
      if (want !== have)
        deviations.push(`${sender}: ${have} frames were answered ${code}, not ${want}`);
    }
  }
  return deviations;
}
