import type { OutboxEvent, Store, StoredVersion } from '../store/store.ts';
import type { Occurrence } from './intent.ts';
import type { ChangeKind } from './rule.ts';
import { resourceOf } from './world.ts';

/**
 * What an outbox row tells of: the version that was written and the one before it. A deletion is about the
 * resource as it last was. Undefined where nothing can be read any more.
 */
export async function readOccurrence(
  store: Store,
  event: OutboxEvent,
): Promise<Occurrence | undefined> {
  const { type, id, versionId } = event;
  const written = await store.readVersion(type, id, versionId);
  const isFirst = versionId === firstVersion;
  const earlier = isFirst
    ? undefined
    : await store.readVersion(type, id, String(Number(versionId) - 1));
  const current = bodyOf(written);
  const previous = bodyOf(earlier);
  const resource = current ?? previous;
  if (!resource) return undefined;
  const change = current ? (previous ? 'update' : 'create') : 'delete';
  return {
    change,
    at: event.at,
    version: `${type}/${id}/_history/${versionId}`,
    resource,
    previous,
  };
}

const firstVersion = '1';

/** What an event may be, as far as its row tells: a version that is not the first may follow a deletion. */
export function changesOf({ method, versionId }: OutboxEvent): readonly ChangeKind[] {
  if (method === 'DELETE') return ['delete'];
  return versionId === firstVersion ? ['create'] : ['create', 'update'];
}

function bodyOf(version: StoredVersion | undefined): ReturnType<typeof resourceOf> | undefined {
  return version && !version.deleted ? resourceOf(version) : undefined;
}
