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
  for (const route of routes) {
    const at = route.method === wanted ? matchUrl(route.url, path) : undefined;
    if (at !== undefined) return { route, at };
  }
  const offered = methodsAt(routes, path);
  if (offered.length === 0) fail('unknown-route', 'There is no FHIR interaction at this address');
  return fail('method-not-allowed', `This address offers ${offered.join(', ')}`);
}

/** The methods that some row offers at a path. */
export function methodsAt(routes: readonly Route[], path: string): readonly string[] {
  const found = routes.filter(({ url }) => matchUrl(url, path) !== undefined);
  return [...new Set(found.map(({ method }) => method))].sort();
}

function matchUrl(url: string, path: string): Place | undefined {
  const parts = segments(url);
  const given = segments(path);
  if (parts.length !== given.length) return undefined;
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
