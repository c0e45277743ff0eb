import { waysOf, type Fact } from './facts.ts';
import { readCondition } from './guide-condition.ts';
import type { GuideRow, GuideSheet } from './guide-row.ts';
import { rowWays, type ProbeContext } from './cover-row.ts';
import { probeMessage } from './probe-message.ts';
import type { Prober } from './prober.ts';

/** The events that are tried for a message structure of the guide, the usual one first. */
const events: Readonly<Record<string, readonly string[]>> = {
  ADT_A01: ['ADT^A01', 'ADT^A03', 'ADT^A04', 'ADT^A08'],
  ADT_A02: ['ADT^A02'],
  ADT_A05: ['ADT^A05', 'ADT^A28', 'ADT^A31'],
  ADT_A06: ['ADT^A06'],
  ADT_A09: ['ADT^A09'],
  ADT_A11: ['ADT^A11'],
  ADT_A17: ['ADT^A17'],
  MDM_T02: ['MDM^T02'],
  OML_O21: ['OML^O21'],
  ORM_O01: ['ORM^O01'],
  ORU_R01: ['ORU^R01'],
  SIU_S12: ['SIU^S12', 'SIU^S15'],
  VXU_V04: ['VXU^V04'],
};

/** A structure in which a segment sheet is tried that no message sheet of the guide uses so. */
interface OwnContext {
  readonly event: string;
  readonly structure: string;
  readonly places: readonly string[];
}

const order = ['PATIENT.PID', 'PATIENT.PATIENT_VISIT.PV1', 'ORDER.ORC'];

const own: readonly OwnContext[] = [
  { event: 'RDE^O11', structure: 'RDE_O11', places: [...order, 'ORDER.TIMING.TQ1', 'ORDER.ORDER_DETAIL.RXO', 'ORDER.RXE', 'ORDER.TIMING_ENCODED.TQ1', 'ORDER.RXR'] },
  { event: 'OMP^O09', structure: 'OMP_O09', places: [...order, 'ORDER.TIMING.TQ1', 'ORDER.RXO', 'ORDER.RXR'] },
  { event: 'RAS^O17', structure: 'RAS_O17', places: [...order, 'ORDER.ADMINISTRATION.RXA', 'ORDER.ADMINISTRATION.RXR'] },
  { event: 'ADT^A60', structure: 'ADT_A60', places: ['EVN', 'PID', 'PV1', 'ADVERSE_REACTION_GROUP.IAM'] },
  { event: 'BAR^P01', structure: 'BAR_P01', places: ['EVN', 'PID', 'VISIT.PV1'] },
  { event: 'ADT^A01', structure: 'ADT_A01', places: ['SFT', 'EVN', 'PID', 'PV1', 'ROL', 'AL1', 'IAM'] },
  { event: 'ORU^R01', structure: 'ORU_R01', places: ['MSA', 'PATIENT_RESULT.PATIENT.PID', 'PATIENT_RESULT.ORDER_OBSERVATION.OBR'] },
  { event: 'ORM^O01', structure: 'ORM_O01', places: [...order, 'ORDER.ORDER_DETAIL.RXO', 'ORDER.ORDER_DETAIL.RXR', 'ORDER.ORDER_DETAIL.RXE'] },
];

/** Sheets that are tried in structures beside the guide's message sheets. */
const ownSheets = /^(?:TQ1|RXR|RXO)\[MedicationRequest\]$|^ORC\[MedicationAdministration\]$|^(?:MSA|SFT)\[MessageHeader\]$|^IAM\[|^ROL\[RelatedPerson\]$|^PID\[Account\]$/;

/** What a resource of ours needs beside what the guide says, so that a sheet can be tried at all. */
const sheetFacts: ReadonlyMap<string, readonly Fact[]> = new Map(
  Object.entries({
    'OBR[Specimen]': 'OBR-15 VALUED',
    'DG1[EpisodeOfCare]': 'PV1-54 VALUED',
    'PV1[Encounter]': 'PV1-54 VALUED',
    'PID[Patient]': 'PID-6 VALUED',
    'ORC[ServiceRequest]': 'ORC-12 VALUED AND OBR-4 VALUED AND OBR-2 NOT VALUED AND OBR-3 NOT VALUED',
    'ORC[DiagnosticReport]': 'OBR-4 VALUED',
    'TQ1[ServiceRequest]': 'ORC-2 VALUED AND OBR-4 VALUED',
    'NTE[ServiceRequest]': 'ORC-2 VALUED AND OBR-4 VALUED',
    'OBR[ServiceRequest]': 'ORC-2 VALUED',
    'ORC[Provenance]': 'ORC-10 VALUED AND ORC-12 VALUED AND ORC-21 VALUED',
    'PRT[PractitionerRole]': 'PRT-15 VALUED',
    'PRT[RelatedPerson]': 'PRT-15 VALUED',
    'RXR[MedicationRequest]': 'RXO-1 VALUED',
    'TQ1[MedicationRequest]': 'RXO-1 VALUED AND RXE-3 NOT VALUED',
    'RXO[MedicationRequest]': 'RXO-2 VALUED AND RXO-3 VALUED AND RXO-11 VALUED',
    'AIG[Appointment]': 'SCH-11.4 VALUED',
    'AIL[Appointment]': 'SCH-11.4 VALUED',
    'AIP[Appointment]': 'SCH-11.4 VALUED',
    'AIS[Appointment]': 'SCH-11.4 VALUED',
    'OBX[DocumentReference]': 'OBX-3 VALUED',
  }).map(([sheet, text]) => [sheet, waysOf(readCondition(text)?.condition ?? { kind: 'and', parts: [] })[0] ?? []]),
);

/** Where the rows of a segment sheet are tried: at every place of a message sheet that names it, ADT_A01 first. */
export function contextsOf(sheet: string, sheets: readonly GuideSheet[], prober: Prober): ProbeContext[] {
  const key = sheet.toLowerCase();
  const named = sheets
    .filter(({ kind }) => kind === 'message')
    .flatMap((message) =>
      message.rows
        .filter(({ map }) => map.toLowerCase() === key)
        .flatMap((row) =>
          rowWays(row).flatMap((facts) => messageContexts(row, message, { prober, facts })),
        )
        
    );
  return [...named, ...(ownSheets.test(sheet) ? ownContexts(sheet, prober) : [])];
}

/** The place of a row of a message sheet, in a message of each event that the pack has a map for. */
export function messageContexts(
  row: GuideRow,
  sheet: GuideSheet,
  { prober, facts }: { readonly prober: Prober; readonly facts: readonly Fact[] },
): ProbeContext[] {
  return (events[sheet.name] ?? []).flatMap((event): ProbeContext[] => {
    const map = prober.mapOf(event);
    if (!map) return [];
    const message = probeMessage(`${event}^${sheet.name}`, sheet.places);
    const needed = sheetFacts.get(row.map) ?? [];
    return [{ event, map, message, place: row.source, facts: [...needed, ...facts] }];
  });
}

/** A role that is none of a provider. */
const relative = waysOf(readCondition('ROL-3.3 EQUALS "HL70063"')?.condition ?? { kind: 'and', parts: [] })[0] ?? [];

function ownContexts(sheet: string, prober: Prober): ProbeContext[] {
  const segment = sheet.slice(0, 3);
  return own.flatMap(({ event, structure, places }): ProbeContext[] => {
    const map = prober.mapOf(event);
    const all = ['MSH', ...places].map((place) => `${structure}.${place}`);
    const message = probeMessage(`${event}^${structure}`, all);
    return map
      ? all
          .filter((place) => place.endsWith(`.${segment}`))
          .map((place) => ({ event, map, message, place, facts: sheet.startsWith('ROL') ? relative : (sheetFacts.get(sheet) ?? []) }))
      : [];
  });
}
