/** Bindings of profiles to value sets: http://hl7.org/fhir/R4/terminologies.html#strength. */
import { listOf, textOf } from './code-system.ts';
import type { Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';
import type { Item } from './profile-item.ts';

type Members = Readonly<Record<string, unknown>>;

export interface BoundFault {
  readonly code: IssueCode;
  readonly text: string;
  readonly severity: Issue['severity'];
}

interface ValueSets {
  contains(valueSet: string, system: string | undefined, code: string): boolean | undefined;
}

/** What a value breaks of a binding; nothing of one that is preferred or an example. */
export function boundIssue(
  { value, type }: Item,
  { strength, valueSet }: { readonly strength: string; readonly valueSet: string },
  valueSets: ValueSets,
): BoundFault | undefined {
  const isRequired = strength === 'required';
  if (value === undefined || (!isRequired && strength !== 'extensible')) return undefined;
  const codings = codingsOf(value, type);
  if (!codings) return undefined;
  const answers = codings.map(({ system, code }) => {
    const text = textOf(code);
    return text === undefined ? false : valueSets.contains(valueSet, textOf(system), text);
  });
  if (answers.includes(true)) return undefined;
  if (answers.includes(undefined)) {
    const text = `The code cannot be checked: ${valueSet} or a code system of it is not loaded`;
    return { code: 'not-supported', text, severity: 'warning' };
  }
  // An extensible binding leaves a text alone.
  if (!isRequired && codings.length === 0) return undefined;
  const text = `The code is not in the value set ${valueSet}`;
  return { code: 'code-invalid', text, severity: isRequired ? 'error' : 'warning' };
}

/** The codes of a value; undefined where the type has none. */
function codingsOf(value: unknown, type: string): readonly Members[] | undefined {
  if (typeof value === 'string') return [{ code: value }];
  if (typeof value !== 'object' || value === null) return undefined;
  if (type === 'CodeableConcept') return listOf((value as Members)['coding']);
  if (type === 'Coding') return [value as Members];
  const isQuantity = ['Quantity', 'Age', 'Duration', 'Count', 'Distance'].includes(type);
  return isQuantity ? [value as Members] : undefined;
}
