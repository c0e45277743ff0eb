import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';

/**
 * Page links are sealed (AES-256-GCM): they say nothing of what was searched, as a link ends up in logs
 * and histories, and none but ours is taken.
 */
export interface PageSeal {
  close(state: unknown): string;
  /** Throws `cursor-invalid` for anything that was not made with the same secret. */
  open(token: string): unknown;
}

const ivBytes = 12;
const tagBytes = 16;

export function createPageSeal(secret: Uint8Array): PageSeal {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'weir page link', 32)));
  return {
    close(state) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const plain = packed(JSON.stringify(state));
      const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      const token = sealed.toString('base64url');
      if (token.length > limits.pageLinkCharsMax) {
        fail('limit', 'The search is too long for a page link; ask for a larger _count');
      }
      return token;
    },
    open(token) {
      try {
        const sealed = Buffer.from(token, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), {
          authTagLength: tagBytes,
        });
        decipher.setAuthTag(sealed.subarray(-tagBytes));
        const body = sealed.subarray(ivBytes, -tagBytes);
        const plain = Buffer.concat([decipher.update(body), decipher.final()]);
        return JSON.parse(unpacked(plain)) as unknown;
      } catch (cause) {
        return fail('cursor-invalid', 'The page link is not one that this server made', { cause });
      }
    },
  };
}

/** A short state gains nothing by being packed, and takes longer than its search. */
const packedFrom = 512;
const asItIs = 0;
const deflated = 1;

function packed(text: string): Buffer {
  const isLong = text.length >= packedFrom;
  const body = isLong ? deflateRawSync(text) : Buffer.from(text);
  return Buffer.concat([Buffer.from([isLong ? deflated : asItIs]), body]);
}

function unpacked(plain: Buffer): string {
  const body = plain.subarray(1);
  if (plain[0] !== deflated) return body.toString();
  return inflateRawSync(body, { maxOutputLength: 1024 * 1024 }).toString();
}
