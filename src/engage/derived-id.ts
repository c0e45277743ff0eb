import { createHash } from 'node:crypto';

/**
 * A resource id that follows from what the resource stands for: whoever handles the same event again, in
 * whatever process, arrives at the same id, so nothing is doubled. 32 hex digits.
 */
export function derivedId(parts: readonly string[]): string {
  return digest(JSON.stringify(parts)).slice(0, 32);
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
