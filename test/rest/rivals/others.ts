import { inBundles } from './in-bundles.ts';
import { ofPeople } from './of-people.ts';
import type { Requests } from './world.ts';

const all: Requests = { ...ofPeople, ...inBundles };

/** Those who come between: each changes something else of what the others go by. */
export const others = Object.fromEntries(
  [
    'an update',
    'an update that gives another number',
    'a creation by update',
    'a JSON Patch',
    'a deletion',
    'a creation with the same number',
    'a conditional create',
    'a conditional update that finds',
    'a conditional update that creates under an id',
    'a transaction with a deletion',
  ].map((name) => [name, all[name]]),
) as Requests;
