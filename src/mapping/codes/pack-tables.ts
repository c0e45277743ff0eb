import type { CompiledPack } from '../pack.ts';
import type { CompiledTable } from '../run/table.ts';

/**
 * The tables that messages of a feed may meet: of every map, as the overlays for that feed and any of its senders have
 * them. An overlay's version of a table stands beside the one below it.
 */
function tablesOfFeed({ maps }: CompiledPack, feed: string): readonly CompiledTable[] {
  const compiled = maps.flatMap(({ base, variants }) => [
    base,
    ...variants
      .filter(({ overlays }) => overlays.every(({ feeds }) => feeds?.includes(feed) ?? true))
      .map(({ map }) => map),
  ]);
  return [...new Set(compiled.flatMap(({ tables }) => [...tables.values()]))];
}

/** Whether a table that messages of the feed may meet has a row for the code. */
export function hasRowFor(
  pack: CompiledPack,
  { feed, table, code }: { readonly feed: string; readonly table: string; readonly code: string },
): boolean {
  return tablesOfFeed(pack, feed).some(
    ({ name, find }) => name === table && find(code) !== undefined,
  );
}
