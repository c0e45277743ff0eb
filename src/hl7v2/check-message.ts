import { decodeFrame } from './charset.ts';
import { checkConformance, type ConformanceFault } from './conformance.ts';
import { joinAddenda } from './continuation.ts';
import { parseMessage } from './parse.ts';
import { present } from './present.ts';

/** One message and what HL7's definitions find wrong with it. */
export interface MessageCheck {
  /** MSH-10. */
  readonly controlId: string;
  /** `ADT^A01`. */
  readonly messageType: string;
  /** MSH-12. */
  readonly version: string;
  readonly faults: readonly CheckFault[];
}

/** `syntax`: separators, charset, what is no message at all. */
export type CheckFault =
  ConformanceFault | { readonly position: string; readonly kind: 'syntax'; readonly text: string };

/** Reads and checks the bytes of one message. Never throws. */
export function checkMessage(
  bytes: Uint8Array,
  options: { readonly charset?: string } = {},
): MessageCheck {
  const decoded = decodeFrame(bytes, present({ override: options.charset }));
  const { message, issues } = parseMessage(joinAddenda(decoded.text), {
    charset: decoded.charset,
  });
  const syntax = [...decoded.issues, ...issues].map(({ location = 'MSH', text }) => ({
    position: location,
    kind: 'syntax' as const,
    text,
  }));
  if (message === undefined) return { controlId: '', messageType: '', version: '', faults: syntax };
  const { controlId, type: messageType, version } = message;
  return { controlId, messageType, version, faults: [...syntax, ...checkConformance(message)] };
}
