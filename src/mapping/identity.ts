import { hash } from 'node:crypto';
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
  let named = namespace;
  for (const part of parts) named += `\n${String(part.length)}:${part}`;
  const hex = hash('sha256', named, 'hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const tail = `${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}`;
  return `${hex.slice(0, 8)}-${tail}-${hex.slice(20, 32)}`;
}
