/** Composite parameters: values that stand together in one element (http://hl7.org/fhir/R4/search.html#composite). */
import { limits } from '../limits.ts';
import { searchParameters, type SearchParameterDefinition } from './definitions.ts';
import type { IndexEntry, SearchLeaf, ValueEntry, WithoutParam } from './search-ast.ts';
import { compileCompositePath, type Found } from './search-path.ts';
import { entriesOf, isIndexedType, type IndexedType } from './search-values.ts';

type Part = WithoutParam<ValueEntry>;

/**
 * The parameters that a composite of a type is made of, in their order; undefined where one is not known, or is
 * composed itself.
 */
export function componentsOf(
  typeName: string,
  { component = [] }: SearchParameterDefinition,
): readonly SearchParameterDefinition[] | undefined {
  const known = component.map(([code]) => searchParameters(typeName).get(code));
  const parts = known.filter((part) => part !== undefined && isIndexedType(part.type));
  return parts.length === component.length ? (parts as SearchParameterDefinition[]) : undefined;
}

/**
 * Extracts a composite: within each element that its expression finds, every combination of the components'
 * values is an entry. What lacks a component has none.
 */
export function compositeExtractor(
  typeName: string,
  definition: SearchParameterDefinition,
): (resource: unknown, entries: IndexEntry[]) => void {
  const { code: param, expression = '', component = [] } = definition;
  const kinds = componentsOf(typeName, definition)?.map(({ type }) => type as IndexedType);
  if (kinds === undefined) throw new Error(`${typeName}?${param} is made of unknown parameters`);
  const path = compileCompositePath(
    typeName,
    expression,
    component.map(([, part]) => part),
  );
  return (resource, entries) => {
    const last = entries.length + limits.compositeEntriesMax;
    path(resource, (components) => {
      const values = components.map((found, at) => partsOf(found, kinds[at]));
      for (const parts of combinations(values)) {
        if (entries.length >= last) return;
        entries.push({ kind: 'composite', param, parts });
      }
    });
  };
}

/** The kinds of entries by which a part is found; texts and identifiers beside a value are not. */
const partKinds: Readonly<Record<IndexedType, readonly ValueEntry['kind'][]>> = {
  string: ['string'],
  token: ['token'],
  date: ['date'],
  number: ['number'],
  quantity: ['quantity', 'ucum'],
  uri: ['uri'],
  reference: ['reference'],
};

function partsOf(found: readonly Found[], kind: IndexedType = 'token'): readonly Part[] {
  const entries: ValueEntry[] = [];
  for (const { value, type, property } of found) {
    entriesOf({ param: '', kind, valueType: type, property }, value, entries);
  }
  return entries
    .filter((entry) => entry.param === '' && partKinds[kind].includes(entry.kind))
    .map((entry) => withoutParam(entry));
}

/** A value or a condition as part of a composite. */
export function withoutParam<Member extends ValueEntry | SearchLeaf>({
  param: _,
  ...part
}: Member): WithoutParam<Member> {
  return part as WithoutParam<Member>;
}

/** Every choice of one from each list, the last changing fastest. */
function* combinations(lists: readonly (readonly Part[])[]): Iterable<readonly Part[]> {
  const [first, ...rest] = lists;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const part of first) {
    for (const others of combinations(rest)) yield [part, ...others];
  }
}
