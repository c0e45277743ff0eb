import type { Issue, Severity } from '../fhir/issue.ts';
import { issueRow } from '../fhir/issue-table.ts';
import { formatInstant } from '../hl7v2/datetime.ts';
import { encodeSegment, joinSegments, type FieldValue } from '../hl7v2/encode.ts';
import { defaultEncoding } from '../hl7v2/encoding.ts';
import type { Message } from '../hl7v2/message.ts';
import { parsePath, type Path } from '../hl7v2/path.ts';
import { limits } from '../limits.ts';

/** HL7 table 0008. */
export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

export interface AckContent {
  /** The message that is answered; absent where its MSH could not be read. */
  readonly original?: Message;
  readonly code: AckCode;
  readonly issues: readonly Issue[];
  readonly now: Date;
  /** MSH-10 of the answer. */
  readonly controlId: string;
  /** Our MSH-3, where the message names no receiver. */
  readonly application?: string;
  /** MSA-4: the sequence number. */
  readonly sequenceNumber?: number;
  /** MSH-15 and MSH-16 then say that the answer wants no answer; `apart`, over a connection of its own, CA. */
  readonly enhanced?: boolean | 'apart';
}

/**
 * An answer in original or enhanced mode (HL7 v2.5.1 chapter 2.9), in the sender's encoding characters and
 * version: MSH with sender and receiver swapped, MSA, and the issues as ERR. Up to v2.4, ERR has one
 * field that cannot tell an error from a warning (ERR-1), so that only errors are in it; from v2.5 on
 * there is one ERR for each issue. A version that cannot be read counts as v2.5.1.
 */
export function buildAck(content: AckContent): string {
  const { original, code, issues } = content;
  const encoding = original?.encoding ?? defaultEncoding;
  const version = versionNumber(original);
  const reported = issues.slice(0, limits.ackIssuesMax);
  const controlId = rawField(original, 10);
  const summary = code.endsWith('A') || version >= 2.7 ? undefined : issues[0]?.diagnostics;
  const errors =
    version < 2.5 ? formerErr(reported, original) : reported.map((issue) => err(issue, original));
  return joinSegments([
    encodeSegment('MSH', header(content, version), encoding),
    encodeSegment('MSA', [code, controlId, summary, content.sequenceNumber?.toString()], encoding),
    ...errors.map((fields) => encodeSegment('ERR', fields, encoding)),
  ]);
}

/** MSH from field 3 on. */
function header(content: AckContent, version: number): FieldValue[] {
  const { original, now, controlId, application = 'WEIR' } = content;
  const us = rawField(original, 5);
  return [
    us.raw === '' ? application : us,
    rawField(original, 6),
    rawField(original, 3),
    rawField(original, 4),
    formatInstant(now),
    undefined,
    { components: ackType(original, version) },
    controlId,
    original?.segment('MSH')?.field(11).raw ? rawField(original, 11) : 'P',
    original?.version ? rawField(original, 12) : '2.5.1',
    undefined,
    undefined,
    ...askedBack(content),
    undefined,
    rawField(original, 18),
  ];
}

function askedBack({ enhanced = false }: AckContent): readonly [FieldValue, FieldValue] {
  if (enhanced === false) return [undefined, undefined];
  return [enhanced === 'apart' ? 'AL' : 'NE', 'NE'];
}

/** `ACK^A01^ACK`; the third component is of v2.3.1 and later. */
function ackType(original: Message | undefined, version: number): string[] {
  const trigger = original?.segment('MSH')?.field(9).component(2).text ?? '';
  if (trigger === '') return ['ACK'];
  return version < 2.31 ? ['ACK', trigger] : ['ACK', trigger, 'ACK'];
}

/** ERR-2 place, ERR-3 HL7 code, ERR-4 severity, ERR-5 our code, ERR-8 text. */
function err(issue: Issue, original: Message | undefined): FieldValue[] {
  return [
    undefined,
    { components: errorLocation(issue.location, original) },
    { components: hl7Code(issue) },
    severityCode[issue.severity],
    { components: [issue.code] },
    undefined,
    undefined,
    issue.diagnostics,
  ];
}

/** One ERR whose field 1 repeats `PID^1^3^102&Data type error&HL70357`. */
function formerErr(issues: readonly Issue[], original: Message | undefined): FieldValue[][] {
  const errors = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  if (errors.length === 0) return [];
  const repetitions = errors.map((issue) => {
    const [segment, sequence, field] = errorLocation(issue.location, original);
    return { components: [segment, sequence, field, { subcomponents: hl7Code(issue) }] };
  });
  return [[{ repetitions }]];
}

/** Segment, its number among those of its name, field, repetition, component, subcomponent; from 1. */
function errorLocation(location: string | undefined, original: Message | undefined): string[] {
  const path = location === undefined ? undefined : parsePath(location).path;
  if (!path) return [];
  const { segment, field, repetition = 0, component, subcomponent } = path;
  const place = [segment, String(sequenceOf(path, original))];
  if (field === undefined) return place;
  place.push(String(field));
  if (component === undefined && repetition === 0) return place;
  const rest = [repetition + 1, component, subcomponent].filter((number) => number !== undefined);
  return [...place, ...rest.map(String)];
}

function sequenceOf({ segment, segmentIndex }: Path, original: Message | undefined): number {
  if (segmentIndex === undefined || !original) return 1;
  const before = original.segments.slice(0, segmentIndex);
  return before.filter((other) => other.name === segment).length + 1;
}

function hl7Code(issue: Issue): string[] {
  const { err3 } = issueRow(issue.code);
  return [err3, table0357[err3] ?? 'Application error', 'HL70357'];
}

/** HL7 table 0516. */
const severityCode: Readonly<Record<Severity, string>> = {
  fatal: 'E',
  error: 'E',
  warning: 'W',
  information: 'I',
};

/** HL7 table 0357. */
const table0357: Readonly<Record<string, string>> = {
  '0': 'Message accepted',
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application internal error',
};

/** `2.3.1` as 2.31, so that versions compare. */
function versionNumber(original: Message | undefined): number {
  const match = /^2\.(\d)(?:\.(\d))?$/.exec(original?.version ?? '');
  return match ? Number(`2.${match[1] ?? ''}${match[2] ?? ''}`) : 2.51;
}

function rawField(original: Message | undefined, number: number): { readonly raw: string } {
  return { raw: original?.segment('MSH')?.field(number).raw ?? '' };
}
