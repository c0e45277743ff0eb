import { fail } from '../fhir/issue.ts';
import type { Place, Route } from './call.ts';

/**
 * The row that a method and path lead to, and what the variable parts hold; HEAD is taken as GET. Throws
 * `unknown-route`, or `method-not-allowed` where other methods are offered there.
 */
export function locateRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: Route; readonly at: Place } {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const given = segments(path);
  for (const { route, parts } of rowsOf(routes, given.length)) {
    const at = route.method === wanted ? match(parts, given) : undefined;
    if (at !== undefined) return { route, at };
  }
  const offered = methodsAt(routes, path);
  if (offered.length === 0) fail('unknown-route', 'There is no FHIR interaction at this address');
  return fail('method-not-allowed', `This address offers ${offered.join(', ')}`);
}

/** The methods that some row offers at a path. */
export function methodsAt(routes: readonly Route[], path: string): readonly string[] {
  const given = segments(path);
  const found = rowsOf(routes, given.length).filter(({ parts }) => match(parts, given));
  return [...new Set(found.map(({ route: { method } }) => method))].sort();
}

/** A route with its address in parts. */
interface Row {
  readonly route: Route;
  readonly parts: readonly string[];
}

/** Taken apart once, by how many parts they have: every call comes this way. */
const tables = new WeakMap<readonly Route[], ReadonlyMap<number, readonly Row[]>>();

function rowsOf(routes: readonly Route[], length: number): readonly Row[] {
  let table = tables.get(routes);
  if (table === undefined) {
    const rows = routes.map((route) => ({ route, parts: segments(route.url) }));
    table = Map.groupBy(rows, ({ parts }) => parts.length);
    tables.set(routes, table);
  }
  return table.get(length) ?? [];
}

function match(parts: readonly string[], given: readonly string[]): Place | undefined {
  const at: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':') && !/^[$_]/.test(value)) at[part.slice(1)] = value;
    else if (part !== value) return undefined;
    else if (/^[A-Z]/.test(part)) at['type'] = part;
  }
  return at;
}

function segments(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}
