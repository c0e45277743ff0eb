/** Parameters of every type with a grammar of their own: `_filter`, `_list`; and those that are refused by name. */
import { parseFilterTree } from './filter-tree.ts';
import { isLogicalId } from './reference.ts';
import type { SearchNode } from './search-ast.ts';
import { anyOf, refused, type ParamOutcome } from './search-condition.ts';
import { splitValues } from './search-escape.ts';
import type { FilterPlace } from './search-filter.ts';
import { currentItemParam } from './search-values.ts';

/** Undefined where the parameter is none of these. */
export function parseSpecial(
  place: FilterPlace,
  name: string,
  value: string,
): ParamOutcome | undefined {
  const [code = '', modifier] = name.split(':', 2);
  const read = Object.hasOwn(readers, code) ? readers[code] : undefined;
  if (read === undefined) return undefined;
  if (modifier !== undefined) return refused('search-modifier', `${code} takes no modifier`);
  return read(place, value);
}

const readers: Readonly<Record<string, (place: FilterPlace, value: string) => ParamOutcome>> = {
  _filter: parseFilterTree,
  _list: (_place, value) => listNode(value),
  _query: () => refused('not-supported', '_query is not offered: there are no named queries'),
};

/** What a List has among its entries that are not marked as deleted; of several Lists any. */
function listNode(value: string): ParamOutcome {
  const ids = splitValues(value, ',').filter((id) => id !== '');
  if (ids.length === 0) return { used: value };
  if (ids.some((id) => id.startsWith('$'))) {
    return refused('not-supported', '_list takes ids of Lists; there are no functional lists');
  }
  if (!ids.every(isLogicalId)) return refused('search-value', '_list is not an id');
  const nodes = ids.map((id): SearchNode => {
    const where: SearchNode = { op: 'id', ids: [id] };
    return { op: 'has', type: 'List', param: currentItemParam, where };
  });
  return { node: anyOf(nodes) };
}
