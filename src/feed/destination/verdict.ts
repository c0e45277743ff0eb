import { decodeFrame } from '../../hl7v2/charset.ts';
import { parseMessage } from '../../hl7v2/parse.ts';
import type { AckWanted } from './destination.ts';

/** What an answer says about the message that was sent. */
export type Verdict =
  /** It is taken. */
  | { readonly kind: 'accepted'; readonly code: string }
  /** AE or CE: another try may help. */
  | { readonly kind: 'error'; readonly code: string; readonly text: string }
  /** AR or CR: it will not. */
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string }
  /** CA, and the answer of the application is still to come. */
  | { readonly kind: 'more'; readonly code: string }
  /** It is not an answer to this message: what became of it is not known. */
  | { readonly kind: 'foreign'; readonly text: string };

/**
 * Reads an answer. It counts only where MSA-2 is the MSH-10 that was sent: a late answer to an earlier
 * message must never settle this one.
 */
export function verdictOf(
  answer: Uint8Array,
  sent: { readonly controlId: string; readonly ack: AckWanted },
): Verdict {
  const { message } = parseMessage(decodeFrame(answer).text);
  const msa = message?.segment('MSA');
  if (msa === undefined) return { kind: 'foreign', text: 'The answer has no MSA segment' };
  if (msa.field(2).text !== sent.controlId) {
    return { kind: 'foreign', text: 'The answer is to another message: MSA-2 is not its MSH-10' };
  }
  const code = msa.field(1).text.trim().toUpperCase();
  const said = () => {
    const errors = message?.segments.filter(({ name }) => name === 'ERR') ?? [];
    return `The receiver answered ${code}${codesOf(errors.map((err) => err.field(3).text))}`;
  };
  switch (code) {
    case 'CA':
      return sent.ack === 'application' ? { kind: 'more', code } : { kind: 'accepted', code };
    case 'AA':
      return { kind: 'accepted', code };
    case 'AE':
    case 'CE':
      return { kind: 'error', code, text: said() };
    case 'AR':
    case 'CR':
      return { kind: 'rejected', code, text: said() };
    default:
      return { kind: 'foreign', text: 'MSA-1 is not a code of HL7 table 0008' };
  }
}

/** ERR-3 alone: what a receiver writes beside it may name a person. */
function codesOf(codes: readonly string[]): string {
  const known = codes.filter((code) => /^\d{1,3}$/.test(code));
  return known.length === 0 ? '' : ` with ERR-3 ${known.join(', ')}`;
}
