import { factsOf, type Fact } from './facts.ts';
import { readCondition } from './guide-condition.ts';
import type { GuideRow, GuideSheet } from './guide-row.ts';
import type { ProbeContext } from './cover-row.ts';
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
  { event: 'RDE^O11', structure: 'RDE_O11', places: [...order, 'ORDER.TIMING.TQ1', 'ORDER.RXE', 'ORDER.TIMING_ENCODED.TQ1', 'ORDER.RXR'] },
  { event: 'OMP^O09', structure: 'OMP_O09', places: [...order, 'ORDER.TIMING.TQ1', 'ORDER.RXO', 'ORDER.RXR'] },
  { event: 'RAS^O17', structure: 'RAS_O17', places: [...order, 'ORDER.ADMINISTRATION.RXA', 'ORDER.ADMINISTRATION.RXR'] },
  { event: 'ADT^A01', structure: 'ADT_A01', places: ['SFT', 'EVN', 'PID', 'PV1'] },
  { event: 'ORU^R01', structure: 'ORU_R01', places: ['MSA', 'PATIENT_RESULT.PATIENT.PID', 'PATIENT_RESULT.ORDER_OBSERVATION.OBR'] },
  { event: 'ORM^O01', structure: 'ORM_O01', places: [...order, 'ORDER.ORDER_DETAIL.RXO', 'ORDER.ORDER_DETAIL.RXR', 'ORDER.ORDER_DETAIL.RXE'] },
];

/** Sheets that are tried in structures beside the guide's message sheets. */
const ownSheets = /^(?:TQ1|RXR|RXO)\[MedicationRequest\]$|^ORC\[MedicationAdministration\]$|^(?:MSA|SFT)\[MessageHeader\]$/;

/** Where the rows of a segment sheet are tried: at every place of a message sheet that names it, ADT_A01 first. */
export function contextsOf(sheet: string, sheets: readonly GuideSheet[], prober: Prober): ProbeContext[] {
  const key = sheet.toLowerCase();
  const named = sheets
    .filter(({ kind }) => kind === 'message')
    .flatMap((message) =>
      message.rows
        .filter(({ map }) => map.toLowerCase() === key)
        .flatMap((row) => messageContexts(row, message, { prober, facts: factsIn(row) })),
    );
  return [...named, ...(ownSheets.test(sheet) ? ownContexts(sheet, prober) : [])];
}

function factsIn({ condition }: GuideRow): readonly Fact[] {
  const read = condition === '' ? undefined : readCondition(condition);
  return read ? factsOf(read.condition) : [];
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
    return [{ event, map, message, place: row.source, facts }];
  });
}

function ownContexts(sheet: string, prober: Prober): ProbeContext[] {
  const segment = sheet.slice(0, 3);
  return own.flatMap(({ event, structure, places }): ProbeContext[] => {
    const map = prober.mapOf(event);
    const all = ['MSH', ...places].map((place) => `${structure}.${place}`);
    const message = probeMessage(`${event}^${structure}`, all);
    return map
      ? all
          .filter((place) => place.endsWith(`.${segment}`))
          .map((place) => ({ event, map, message, place, facts: [] }))
      : [];
  });
}
