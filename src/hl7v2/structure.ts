/**
 * The message structure that HL7 table 0354 gives for a message code and trigger event, for messages
 * without MSH-9.3 (all before v2.3.1, and many later ones). What the table does not list is its own
 * structure: `ADT^A02` is `ADT_A02`.
 */
export function deriveStructure(code: string, trigger: string): string {
  if (code === 'ACK') return 'ACK';
  const event = trigger === '' ? (soleTrigger.get(code) ?? '') : trigger;
  if (event === '') return code;
  return structureOf.get(`${code}_${event}`) ?? `${code}_${event}`;
}

/** Senders of v2.1 leave the trigger away where there was only one. */
const soleTrigger: ReadonlyMap<string, string> = new Map([
  ['ORU', 'R01'],
  ['ORM', 'O01'],
  ['ORR', 'O02'],
  ['VXU', 'V04'],
  ['DFT', 'P03'],
]);

/** HL7 table 0354, v2.5.1 and later: structure, and the other triggers that use it. */
const sharedStructures: readonly (readonly [string, string])[] = [
  ['ADT_A01', 'A04 A08 A13'],
  ['ADT_A05', 'A14 A28 A31'],
  ['ADT_A06', 'A07'],
  ['ADT_A09', 'A10 A11'],
  ['ADT_A21', 'A22 A23 A25 A26 A27 A29 A32 A33'],
  ['ADT_A30', 'A34 A35 A36 A46 A48'],
  ['ADT_A39', 'A40 A41 A42'],
  ['ADT_A43', 'A44'],
  ['ADT_A50', 'A51'],
  ['ADT_A52', 'A53'],
  ['ADT_A54', 'A55'],
  ['ADT_A61', 'A62'],
  ['CRM_C01', 'C02 C03 C04 C05 C06 C07 C08'],
  ['CSU_C09', 'C10 C11 C12'],
  ['MDM_T01', 'T03 T05 T07 T09 T11'],
  ['MDM_T02', 'T04 T06 T08 T10'],
  ['OML_O33', 'O39'],
  ['ORU_R01', 'W01'],
  ['ORU_R30', 'R31 R32'],
  ['PEX_P07', 'P08'],
  ['PGL_PC6', 'PC7 PC8'],
  ['PPG_PCG', 'PCH PCJ'],
  ['PPP_PCB', 'PCC PCD'],
  ['PPR_PC1', 'PC2 PC3'],
  ['RDE_O11', 'O25 O49'],
  ['REF_I12', 'I13 I14 I15'],
  ['RPA_I08', 'I09 I10 I11'],
  ['RQA_I08', 'I09 I10 I11'],
  ['RQI_I01', 'I02 I03'],
  ['RRI_I12', 'I13 I14 I15'],
  ['SIU_S12', 'S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26 S27'],
  ['SRM_S01', 'S02 S03 S04 S05 S06 S07 S08 S09 S10 S11'],
  ['SRR_S01', 'S02 S03 S04 S05 S06 S07 S08 S09 S10 S11'],
  ['QBP_Q21', 'Q22 Q23 Q24 Q25'],
];

const structureOf: ReadonlyMap<string, string> = new Map(
  sharedStructures.flatMap(([structure, triggers]) =>
    triggers
      .split(' ')
      .map((trigger): [string, string] => [`${structure.slice(0, 3)}_${trigger}`, structure]),
  ),
);
