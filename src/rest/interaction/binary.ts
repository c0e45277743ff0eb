import type { StoredVersion } from '../../store/store.ts';
import type { Answer, Call } from '../call.ts';
import { paramOf } from '../call.ts';
import { rangesOf } from '../negotiate.ts';

/**
 * A Binary in its own format, where the caller accepts that and not FHIR
 * (http://hl7.org/fhir/R4/binary.html#rest); undefined where the resource itself is wanted.
 */
export function binaryAnswer(call: Call, version: StoredVersion): Answer['raw'] | undefined {
  if (version.type !== 'Binary' || paramOf(call.params, '_format') !== undefined) return undefined;
  const ranges = rangesOf(call.headers['accept']);
  if (ranges.length === 0 || ranges.some((range) => /json|xml|\*\/\*/.test(range)))
    return undefined;
  const { contentType, data } = JSON.parse(version.body) as { contentType: string; data?: string };
  return { contentType, bytes: Buffer.from(data ?? '', 'base64') };
}
