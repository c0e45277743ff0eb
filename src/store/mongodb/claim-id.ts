import { createHash } from 'node:crypto';
import { limits } from '../../limits.ts';

/** The `_id` of a claim: its key, or a hash of one that is long, since some servers bound the length of a key. */
export function claimId(key: string): string {
  if (key.length <= limits.indexKeyCharsMax && !key.startsWith('#')) return key;
  return `#${createHash('sha256').update(key).digest('hex')}`;
}
