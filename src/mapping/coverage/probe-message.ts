import { segmentOf, type ProbeSegment } from './probe-segment.ts';

/** A segment at its place in a message structure, present or not. */
export interface ProbePlace {
  /** As the guide names it: `ORU_R01.PATIENT_RESULT.PATIENT.PID`. */
  readonly place: string;
  readonly segment: ProbeSegment;
  readonly present: boolean;
}

/** A message under construction: the places of its structure in their order. */
export type ProbeMessage = readonly ProbePlace[];

/** What each segment says at least, so that something comes of it. */
const bases: Readonly<Record<string, string>> = {
  EVN: 'EVN||20260101080000+0000',
  PID: 'PID|1||7001^^^HOSP^MR||Smith^Anna',
  PD1: 'PD1',
  NK1: 'NK1|1|Smith^Bob|SPO',
  PV1: 'PV1|1|I|W1^101^1^HOSP||||||||||||||||V1^^^HOSP',
  ORC: 'ORC|NW|P1^EHR|F1^LAB',
  OBR: 'OBR|1|||718-7^Hemoglobin^LN',
  OBX: 'OBX|1|NM|718-7^Hemoglobin^LN||13||||||F',
  NTE: 'NTE|1||A note',
  SPM: 'SPM|1|SP1&EHR^SF1&LAB||BLD',
  AL1: 'AL1|1||PEN^Penicillin^L||Rash',
  IAM: 'IAM|1||PEN^Penicillin^L||Rash|A',
  DG1: 'DG1|1||I10^Hypertension^I10',
  PR1: 'PR1|1||123^Appendectomy^L||20260101',
  IN1: 'IN1|1|PLAN1^Plan|INS1|Insurer',
  PRT: 'PRT|1|AD||AD^^HL70443|9001^Jones^Mary^^^^^^HOSP',
  ROL: 'ROL|R1|AD|AT^^HL70443|9001^Jones^Mary^^^^^^HOSP',
  RXA: 'RXA|0|1|20260101||08^HepB^CVX|1',
  RXR: 'RXR|IM',
  RXO: 'RXO|123^Drug^L',
  RXE: 'RXE||123^Drug^L|1||TAB',
  SCH: 'SCH|A1^EHR|A2^EHR',
  RGS: 'RGS|1',
  AIS: 'AIS|1||SVC^Service^L',
  AIG: 'AIG|1||EQ^Equipment^L',
  AIL: 'AIL|1||R1^^^HOSP',
  AIP: 'AIP|1||9001^Jones^Mary^^^^^^HOSP',
  TXA: 'TXA|1|CN|TX|||||||||D1^EHR',
  TQ1: 'TQ1|1||PRN^^^^7^d',
  SFT: 'SFT|Vendor|1.0|Software|B1',
  MSA: 'MSA|AA|M7',
  MRG: 'MRG|7002^^^HOSP^MR',
};

/** Segments that are there unless a probe wants them away. */
const always: ReadonlySet<string> = new Set(['MSH', 'EVN', 'PID', 'PV1', 'SCH', 'TXA', 'RXA', 'RXE', 'RGS']);

/** A message of the given places; `event` is MSH-9 (`ADT^A01^ADT_A01`). */
export function probeMessage(event: string, places: readonly string[]): ProbeMessage {
  const msh = `MSH|^~\\&|APP^1.2.3^ISO|FAC^1.2.4^ISO|RAPP|RFAC|20260101080000+0000||${event}|C1|P|2.8`;
  return places.map((place) => {
    const name = segmentName(place);
    const text = name === 'MSH' ? msh : (bases[name] ?? `${name}|1`);
    return { place, segment: segmentOf(text), present: always.has(name) && isPlain(place, places) };
  });
}

/** `ADT_A01:follow:PID.ROL` is an ROL. */
export function segmentName(place: string): string {
  return /[A-Z0-9]{3}$/.exec(place)?.[0] ?? place;
}

/** A structure that has a segment twice (A17) has it once here, unless it is asked for. */
function isPlain(place: string, places: readonly string[]): boolean {
  return places.find((other) => segmentName(other) === segmentName(place)) === place;
}

/** With the segment at that place, and with what its groups begin with. */
export function withPlace(message: ProbeMessage, place: string): ProbeMessage {
  const groups = groupsOf(place);
  const heads = groups.map((group) => message.find((one) => groupsOf(one.place).at(-1) === group)?.place);
  return message.map((one) =>
    one.place === place || heads.includes(one.place) ? { ...one, present: true } : one,
  );
}

/** `A.B.C` stands in the groups `A.B` (the structure itself, `A`, is none). */
function groupsOf(place: string): string[] {
  const names = place.split('.').slice(0, -1);
  return names.slice(1).map((_, index) => names.slice(0, index + 2).join('.'));
}

/** The message as text. */
export function textOf(message: ProbeMessage): string {
  return message
    .filter(({ present }) => present)
    .map(({ segment }) => segment.join('|'))
    .join('\r');
}
