import { decodeFrame, encodeText } from '../../hl7v2/charset.ts';
import { encodeSegment, type FieldValue } from '../../hl7v2/encode.ts';
import { readEncoding } from '../../hl7v2/encoding.ts';
import type { Party } from './destination.ts';

/** The parties that a header is to name; one that is absent stays as it is. */
export interface NewHeader {
  readonly sending?: Party;
  readonly receiving?: Party;
}

/**
 * The message with other parties in MSH-3 to MSH-6. Every other byte is as it came; with nothing to rewrite, all are. In a
 * charset whose characters are not bytes with ASCII among them the text is rewritten instead.
 */
export function rewriteHeader(bytes: Uint8Array, charset: string, wanted: NewHeader): Uint8Array {
  if (wanted.sending === undefined && wanted.receiving === undefined) return bytes;
  if (/^utf-(16|32)/.test(charset)) {
    const text = decodeFrame(bytes, { override: charset }).text;
    return encodeText(
      withParties(text, wanted, (said) => said),
      charset,
    );
  }
  const asBytes = (said: string): string =>
    Buffer.from(encodeText(said, charset)).toString('latin1');
  const text = Buffer.from(bytes).toString('latin1');
  return Buffer.from(withParties(text, wanted, asBytes), 'latin1');
}

function withParties(text: string, wanted: NewHeader, coded: (said: string) => string): string {
  const start = Math.max(0, text.indexOf('MSH'));
  const end = /[\r\n]/.exec(text.slice(start))?.index ?? text.length - start;
  const header = text.slice(start, start + end);
  const { encoding } = readEncoding(header);
  if (encoding === undefined) return text;
  const fields = header.split(encoding.field);
  const set = (index: number, value: string): void => {
    while (fields.length <= index) fields.push('');
    const escaped: FieldValue = value;
    fields[index] = coded(encodeSegment('ZZZ', [escaped], encoding).slice(4));
  };
  if (wanted.sending !== undefined) {
    set(2, wanted.sending.application);
    set(3, wanted.sending.facility);
  }
  if (wanted.receiving !== undefined) {
    set(4, wanted.receiving.application);
    set(5, wanted.receiving.facility);
  }
  return text.slice(0, start) + fields.join(encoding.field) + text.slice(start + end);
}
