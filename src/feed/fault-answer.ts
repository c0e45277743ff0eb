import type { IssueCode } from '../fhir/issue-table.ts';
import { errorIssue } from '../fhir/issue.ts';
import { decodeFrame, encodeText } from '../hl7v2/charset.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { buildAck } from './ack.ts';
import { askedOf, wants } from './asked.ts';
import type { MllpFault } from './mllp-connection.ts';

/**
 * What a sender is told whose frame could not be taken: AR, or CR where MSH-15 asks for it, with MSA-2 where the beginning of the frame
 * still says MSH-10. Undefined where nothing speaks for an HL7 sender, or where the sender wants no answer.
 */
export function faultAnswer(
  { kind, head }: Pick<MllpFault, 'kind' | 'head'>,
  { now, controlId }: { readonly now: Date; readonly controlId: string },
): Uint8Array | undefined {
  if (kind === 'junk') return undefined;
  const [code, diagnostics] = reasons[kind];
  const { text, charset } = decodeFrame(head);
  const { message: original } = parseMessage(text, { charset });
  const { asked } = original === undefined ? {} : askedOf(original);
  const msa1 = asked !== undefined && wants(asked.accept, 'AR') ? 'CR' : 'AR';
  if (asked !== undefined && msa1 === 'AR' && !wants(asked.application, 'AR')) return undefined;
  const ack = buildAck({
    ...(original === undefined ? {} : { original }),
    code: msa1,
    enhanced: asked !== undefined,
    issues: [errorIssue(code, diagnostics)],
    now,
    controlId,
  });
  return encodeText(ack, charset);
}

const reasons: Readonly<Record<Exclude<MllpFault['kind'], 'junk'>, readonly [IssueCode, string]>> =
  {
    oversized: ['frame-too-large', 'The frame is longer than the limit and was not taken'],
    unended: ['syntax-hl7', 'A new frame began before this one was ended; it was not taken'],
    'frame-timeout': ['timeout', 'The frame was not complete in time and was not taken'],
    busy: ['transient', 'Too much is being received at once; the frame was not taken'],
    exception: ['exception', 'The message was not processed because of a fault of ours'],
  };
