import type { GuideTarget } from './guide-path.ts';
import type { GuideRow } from './guide-row.ts';

/** A sheet that a covered row sends its value to. */
interface Host {
  readonly sheet: string;
  /** The element that the sheet's targets are within, where it is not the row's own. */
  readonly of?: GuideTarget;
}

/** Rows that use a sheet without naming it: a whole sheet of the guide would be tried nowhere else. */
const unnamed: readonly (Host & { readonly source: string })[] = [
  { source: 'MSH-9', sheet: 'MSG[MessageHeader]', of: { type: 'MessageHeader', path: '' } },
  { source: 'XAD.6', sheet: 'CountryCode' },
  { source: 'NTE-4', sheet: 'CommentType' },
  { source: 'PID-12', sheet: 'IS[string]' },
  { source: 'PR1-19', sheet: 'EI[Procedure]', of: { type: 'Procedure', path: '' } },
  { source: 'PRT-10', sheet: 'EI[Device-udiCarrier]', of: { type: 'Device', path: '' } },
];

/** The sheets that a row sends its value to without naming them. */
export function hostsOf(row: GuideRow): readonly Host[] {
  const found = unnamed.filter((one) => one.source === row.source);
  // OBX[Observation] names the sheet of ED for RP too.
  return row.map === 'ED[Attachment]' ? [...found, { sheet: 'RP[Attachment]' }] : found;
}

/** A field that no row of the guide maps, although there is a sheet for its values; the pack maps it. */
export type OwnRow = Pick<GuideRow, 'sheet' | 'source' | 'target'> &
  Partial<Pick<GuideRow, 'condition' | 'map' | 'vocabulary'>> & { readonly of?: GuideTarget };

const document: GuideTarget = { type: 'DocumentReference', path: '' };

export const ownRows: readonly OwnRow[] = [
  { sheet: 'SPM[Specimen]', source: 'SPM-21', target: 'condition', vocabulary: 'SpecimenRejectReason' },
  {
    ...{ sheet: 'OBX[DocumentReference]', source: 'OBX-5', target: 'content.attachment' },
    ...{ condition: 'IF OBX-2 EQUALS "ED"', map: 'ED[DocumentReference]', of: document },
  },
  {
    ...{ sheet: 'OBX[DocumentReference]', source: 'OBX-5', target: 'content.attachment' },
    ...{ condition: 'IF OBX-2 EQUALS "RP"', map: 'RP[DocumentReference]', of: document },
  },
  {
    ...{ sheet: 'TQ1[MedicationRequest]', source: 'ORC-7', target: 'dosageInstruction.timing' },
    ...{ condition: 'IF TQ1 NOT VALUED', map: 'TQ[MedicationRequest]', of: { type: 'MedicationRequest', path: '' } },
  },
  {
    ...{ sheet: 'TQ1[ServiceRequest]', source: 'TQ1-13.2', target: 'occurrenceTiming.repeat.durationUnit' },
    ...{ map: 'CWE[Timing-DurationUnit]', of: { type: 'ServiceRequest', path: 'occurrenceTiming' } },
  },
  {
    ...{ sheet: 'OBR[ServiceRequest]', source: 'OBR-13', target: 'supportingInfo' },
    ...{ map: 'CWE[Observation-SupportingInfo]', of: { type: 'Observation', path: '' } },
  },
  { sheet: 'PV2[Encounter]', source: 'PV2-7', target: 'type', vocabulary: 'VisitUserCode' },
  { sheet: 'ORC[Provenance]', source: 'ORC-1', target: 'activity.coding', map: 'ID[Coding]' },
  {
    ...{ sheet: 'DG1[Condition]', source: 'DG1-4', target: 'code' },
    ...{ condition: 'IF DG1-3 NOT VALUED', map: 'ST[CodeableConcept]' },
  },
];
