import { errorIssue, OutcomeError } from '../fhir/issue.ts';
import { decodeFrame, encodeText } from '../hl7v2/charset.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { present } from '../hl7v2/present.ts';
import { readXmlMessage } from '../hl7v2/xml/read.ts';
import { writeXmlMessage } from '../hl7v2/xml/write.ts';
import { fromParse } from './reading.ts';

const mark = '\ufeff';

/**
 * A message in XML as the ER7 that the journal keeps and the pipeline reads. XML says itself what its bytes are in, so that MSH-18
 * means nothing: the ER7 is UTF-8 and says so by a mark, or in the charset that the feed reads everything in. Throws an
 * OutcomeError where it cannot be read, or cannot be said in that charset.
 */
export function frameOfXml(body: Uint8Array, charset: string | undefined): Uint8Array {
  const { er7, issues } = readXmlMessage(body);
  const [first, ...others] = issues.map(fromParse);
  if (er7 === undefined && first !== undefined) throw new OutcomeError([first, ...others]);
  const text = er7 ?? '';
  if (charset === undefined) return Buffer.from(mark + text);
  const bytes = encodeText(text, charset);
  if (decodeFrame(bytes, { override: charset }).text === text) return bytes;
  const unsayable = 'A character of the message is not in the charset of the feed';
  throw new OutcomeError([errorIssue('value', unsayable)]);
}

/** The answer in XML; nothing where there is none. */
export function answerAsXml(answer: Uint8Array | undefined, charset: string | undefined): string {
  if (answer === undefined) return '';
  // It came in the charset of the frame, whatever its MSH-18 repeats.
  const { text } = decodeFrame(answer, present({ override: charset ?? 'utf-8' }));
  const { message } = parseMessage(text);
  return message === undefined ? '' : writeXmlMessage(message);
}
