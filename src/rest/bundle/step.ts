import { fail, OutcomeError } from '../../fhir/issue.ts';
import type { Issue } from '../../fhir/issue.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { Claim, Expectation, StoredVersion } from '../../store/store.ts';
import type { Call } from '../call.ts';
import type { RequestEntry } from './entry.ts';

/** What one entry of a transaction comes to, once its identity is known. */
export type Step = { readonly entry: RequestEntry; readonly call: Call } & (
  | {
      readonly op: 'put';
      readonly type: string;
      readonly id: string;
      readonly resource: Resource;
      readonly expect?: Expectation;
      readonly claim?: Claim;
      /** The version that it makes, where that is certain: of a new id, or pinned. */
      readonly version?: string;
    }
  | {
      readonly op: 'delete';
      readonly type: string;
      readonly id: string;
      readonly expect: Expectation;
    }
  /** A conditional create that found its resource: nothing to write, but references lead there. */
  | { readonly op: 'found'; readonly version: StoredVersion }
  /** A deletion of what is not there. */
  | { readonly op: 'nothing' }
  | { readonly op: 'read' }
);

export type WriteStep = Extract<Step, { op: 'put' | 'delete' }>;

/** Runs what belongs to one entry; its issues then say `Bundle.entry[n]`. */
export async function atEntry<T>(
  entry: Pick<RequestEntry, 'position'>,
  run: () => Promise<T> | T,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw placedAt(error, entry.position);
  }
}

/** The same error with the place in the Bundle before each of its own. */
export function placedAt(error: unknown, position: number): unknown {
  if (!(error instanceof OutcomeError)) return error;
  const [first, ...more] = error.issues;
  const place = (issue: Issue): Issue => ({ ...issue, expression: placesIn(issue, position) });
  return new OutcomeError([place(first), ...more.map(place)], { cause: error });
}

function placesIn(issue: Issue, position: number): readonly string[] {
  const entry = `Bundle.entry[${String(position)}]`;
  const { expression = [] } = issue;
  if (expression.length === 0) return [entry];
  return expression.map((path) =>
    path.startsWith('Bundle.') ? path : path.replace(/^[A-Za-z]+/, `${entry}.resource`),
  );
}

/** Throws `duplicate-identity` where two entries write the same resource. */
export function refuseOverlap(steps: readonly WriteStep[]): void {
  const seen = new Map<string, number>();
  const claimed = new Map<string, number>();
  for (const step of steps) {
    const { position } = step.entry;
    note(seen, `${step.type}/${step.id}`, position);
    if (step.op === 'put' && step.claim !== undefined) note(claimed, step.claim.key, position);
  }
}

function note(seen: Map<string, number>, key: string, position: number): void {
  const other = seen.get(key);
  if (other !== undefined) {
    fail('duplicate-identity', `Entries ${other} and ${position} are about the same resource`, {
      expression: [`Bundle.entry[${position}]`],
    });
  }
  seen.set(key, position);
}
