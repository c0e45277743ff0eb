import { createHash } from 'node:crypto';
import type { Identity } from './result.ts';

/** The namespace of our UUIDs: what is hashed before the name (RFC 9562 5.8, with SHA-256). */
const namespace = 'urn:weir:identity';

/** The `urn:uuid:` under which other resources of the message refer to one with this identity. */
export function fullUrlOf(type: string, identity: Identity, unique: string): string {
  switch (identity.kind) {
    case 'key':
      return `urn:uuid:${uuidOf([type, 'key', identity.scope, identity.key])}`;
    case 'person': {
      const [first] = identity.identifiers;
      return `urn:uuid:${uuidOf([type, 'person', first?.system ?? '', first?.value ?? unique])}`;
    }
    case 'none':
      return `urn:uuid:${uuidOf([type, 'none', unique])}`;
  }
}

/** A version 8 UUID over the parts, kept apart by their lengths. */
function uuidOf(parts: readonly string[]): string {
  const hash = createHash('sha256').update(namespace);
  for (const part of parts) hash.update(`\n${String(part.length)}:${part}`);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end))
    .join('-');
}
