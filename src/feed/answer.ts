import { issueRow } from '../fhir/issue-table.ts';
import type { Issue } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import { encodeText } from '../hl7v2/charset.ts';
import { present } from '../hl7v2/present.ts';
import type { JournalEntry } from '../store/store.ts';
import { buildAck, type AckCode } from './ack.ts';
import { wants } from './asked.ts';
import { goesApart, type Reading } from './reading.ts';

/** What goes out about one message. Original mode has `application` alone. */
export interface Answers {
  /** CA, CE or CR. */
  readonly accept?: Uint8Array;
  /** AA, AE or AR. */
  readonly application?: Uint8Array;
}

/** The last answer that a row was given, as the journal keeps it; without either, nothing was asked for. */
export type KeptAnswer = Pick<JournalEntry, 'ack' | 'ackCode'>;

type Row = Pick<JournalEntry, 'id' | 'receivedAt'>;

/**
 * The answer to an outcome, by what MSH-15 and MSH-16 ask for: CE or CR where the header alone forbids to
 * take the message, else the application's, else CA. A refusal that MSH-15 does not want to hear is said
 * by the application's answer, if MSH-16 wants that.
 */
export function keptAnswer(
  reading: Reading,
  row: Row,
  { issues, now }: { readonly issues: readonly Issue[]; readonly now: Date },
): KeptAnswer {
  const errors = issues.filter(isError);
  const [first] = errors;
  const code = first === undefined ? 'AA' : issueRow(first.code).msa1;
  const { asked } = reading;
  const said = { issues: errors, now, controlId: controlIdOf(row, '') };
  if (asked === undefined) return made(reading, { ...said, code });
  if (code !== 'AA' && isUnacceptable(reading) && wants(asked.accept, code)) {
    return made(reading, { ...said, code: refusal[code] });
  }
  if (wants(asked.application, code)) return made(reading, { ...said, code });
  return acceptance(reading, row);
}

/** CA, if it is asked for: always the same for a row, so that a resend gets it again. */
export function acceptance(reading: Reading, row: Row): KeptAnswer {
  const { asked } = reading;
  if (asked === undefined || isUnacceptable(reading) || !wants(asked.accept, 'AA')) return {};
  const controlId = controlIdOf(row, 'C');
  return made(reading, { code: 'CA', issues: [], now: row.receivedAt, controlId });
}

/** Everything that a sender hears of a row, in the order in which it goes out. */
export function answersOf(reading: Reading, row: Row & KeptAnswer): Answers {
  const { ack, ackCode = '' } = row;
  if (reading.asked === undefined) return present({ application: ack });
  if (ackCode === 'CE' || ackCode === 'CR') return present({ accept: ack });
  const isApart = reading.feed.applicationAck?.when === 'always';
  const application = ackCode.startsWith('A') && !isApart ? ack : undefined;
  return present({ accept: acceptance(reading, row).ack, application });
}

/** What a sender hears of a message that could not even be kept; `accepted`: it had its CA before. */
export function answersToFault(
  reading: Reading,
  row: Row,
  given: { readonly issues: readonly Issue[]; readonly now: Date; readonly accepted: boolean },
): Answers {
  const [first] = given.issues;
  const code = first === undefined ? 'AR' : issueRow(first.code).msa1;
  const { issues, now, accepted } = given;
  const said = { issues, now, controlId: controlIdOf(row, '') };
  const application = present({ application: made(reading, { ...said, code }).ack });
  const { asked } = reading;
  if (asked === undefined || code === 'AA') return application;
  if (!accepted && wants(asked.accept, code)) {
    return present({ accept: made(reading, { ...said, code: refusal[code] }).ack });
  }
  return wants(asked.application, code) ? application : {};
}

/** Table 0008, enhanced mode. */
const refusal = { AE: 'CE', AR: 'CR' } as const;

/** Whether the header or the frame is what is wrong, and not the content. */
function isUnacceptable({ issues }: Reading): boolean {
  return issues
    .filter(isError)
    .some(({ code, location }) => issueRow(code).msa1 === 'AR' || location?.startsWith('MSH'));
}

function made(
  reading: Reading,
  said: {
    readonly code: AckCode;
    readonly issues: readonly Issue[];
    readonly now: Date;
    readonly controlId: string;
  },
): KeptAnswer {
  const { message: original, asked, charset, msa4: sequenceNumber } = reading;
  const isApart = goesApart(reading) && said.code.startsWith('A');
  const text = buildAck({
    ...present({ original, sequenceNumber }),
    ...said,
    enhanced: asked !== undefined && (isApart ? 'apart' : true),
  });
  return { ack: encodeText(text, charset), ackCode: said.code };
}

/** MSH-10 of the answer: at most 20 characters (HL7 v2.5.1), the varying end of our id. */
function controlIdOf({ id }: Row, mark: string): string {
  return mark + id.replaceAll('-', '').slice(mark.length - 20);
}
