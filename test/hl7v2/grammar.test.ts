import { describe, expect, it } from 'vitest';
import {
  canonicalStructure,
  groupSegments,
  isGroup,
  type GroupNode,
} from '../../src/hl7v2/grammar.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import type { ParseIssue } from '../../src/hl7v2/parse-issue.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { structureGrammar } from '../../src/hl7v2/structure-grammar.ts';

/** A message of empty segments. */
function message(type: string, segments: string): Message {
  const lines = segments.split(' ').map((name) => `${name}|1`);
  const result = parseMessage([`MSH|^~\\&|||||||${type}|1|P|2.3`, ...lines].join('\r'));
  if (!result.message) throw new Error('unreachable');
  return result.message;
}

function show(group: GroupNode): string {
  const parts = group.children.map((child) =>
    isGroup(child) ? `${child.name}(${show(child)})` : child.name,
  );
  return parts.join(' ');
}

function grouped(type: string, segments: string): { tree: string; issues: string[] } {
  const issues: ParseIssue[] = [];
  const root = groupSegments(message(type, segments), (issue) => issues.push(issue));
  return { tree: show(root), issues: issues.map((issue) => issue.location ?? '') };
}

describe('groupSegments: well-formed messages', () => {
  it.each([
    [
      'ORU^R01',
      'PID NTE PV1 ORC OBR NTE OBX NTE OBX OBX NTE OBR OBX SPM OBX PID OBR OBX',
      'MSH PATIENT_RESULT(PATIENT(PID NTE VISIT(PV1)) ORDER_OBSERVATION(ORC OBR NTE ' +
        'OBSERVATION(OBX NTE) OBSERVATION(OBX) OBSERVATION(OBX NTE)) ORDER_OBSERVATION(OBR ' +
        'OBSERVATION(OBX) SPECIMEN(SPM SPECIMEN_OBSERVATION(OBX)))) ' +
        'PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX)))',
    ],
    [
      'ADT^A08',
      'EVN PID PD1 NK1 NK1 PV1 PV2 OBX AL1 DG1 PR1 ROL PR1 GT1 IN1 IN2 IN1 IN3',
      'MSH EVN PID PD1 NK1 NK1 PV1 PV2 OBX AL1 DG1 PROCEDURE(PR1 ROL) PROCEDURE(PR1) GT1 ' +
        'INSURANCE(IN1 IN2) INSURANCE(IN1 IN3)',
    ],
    ['ADT^A40', 'EVN PID MRG PID PD1 MRG PV1', 'MSH EVN PATIENT(PID MRG) PATIENT(PID PD1 MRG PV1)'],
    ['ADT^A17', 'EVN PID PV1 PID PV1', 'MSH EVN PATIENT(PID PV1) PATIENT(PID PV1)'],
    [
      'ORM^O01',
      'PID PV1 IN1 ORC OBR OBX NTE ORC RXO ORC RQD RQ1',
      'MSH PATIENT(PID PATIENT_VISIT(PV1) INSURANCE(IN1)) ORDER(ORC ORDER_DETAIL(OBR ' +
        'OBSERVATION(OBX NTE))) ORDER(ORC ORDER_DETAIL(RXO)) ORDER(ORC ORDER_DETAIL(RQD RQ1))',
    ],
    [
      'OML^O21',
      'PID ORC OBR OBX ORC OBR SPM ORC OBR PID ORC OBR OBX ORC OBR',
      'MSH PATIENT(PID) ORDER(ORC OBSERVATION_REQUEST(OBR OBSERVATION(OBX))) ' +
        'ORDER(ORC OBSERVATION_REQUEST(OBR SPECIMEN(SPM))) ORDER(ORC OBSERVATION_REQUEST(OBR ' +
        'PRIOR_RESULT(PATIENT_PRIOR(PID) ORDER_PRIOR(ORC OBR OBSERVATION_PRIOR(OBX)) ' +
        'ORDER_PRIOR(ORC OBR))))',
    ],
    [
      'SIU^S12',
      'SCH NTE PID PV1 RGS AIS NTE AIG AIL AIP RGS AIS',
      'MSH SCH NTE PATIENT(PID PV1) RESOURCES(RGS SERVICE(AIS NTE) GENERAL_RESOURCE(AIG) ' +
        'LOCATION_RESOURCE(AIL) PERSONNEL_RESOURCE(AIP)) RESOURCES(RGS SERVICE(AIS))',
    ],
    [
      'VXU^V04',
      'PID NK1 RXA RXR OBX ORC RXA OBX NTE',
      'MSH PID NK1 ORDER(RXA RXR OBSERVATION(OBX)) ORDER(ORC RXA OBSERVATION(OBX NTE))',
    ],
    [
      'RDE^O11',
      'PID AL1 ORC RXO NTE RXR RXE NTE TQ1 RXR RXC OBX ORC RXE TQ1 RXR',
      'MSH PATIENT(PID AL1) ORDER(ORC ORDER_DETAIL(RXO NTE RXR) RXE NTE TIMING_ENCODED(TQ1) RXR ' +
        'RXC OBSERVATION(OBX)) ORDER(ORC RXE TIMING_ENCODED(TQ1) RXR)',
    ],
    [
      'MDM^T02',
      'EVN PID PV1 TXA OBX OBX NTE',
      'MSH EVN PID PV1 TXA OBSERVATION(OBX) OBSERVATION(OBX NTE)',
    ],
    [
      'DFT^P03',
      'EVN PID PV1 FT1 PR1 FT1 DG1 IN1',
      'MSH EVN PID PV1 FINANCIAL(FT1 FINANCIAL_PROCEDURE(PR1)) FINANCIAL(FT1) DG1 INSURANCE(IN1)',
    ],
    [
      'OUL^R22',
      'PID SPM SAC OBR ORC OBX NTE SPM OBR OBX',
      'MSH PATIENT(PID) SPECIMEN(SPM CONTAINER(SAC) ORDER(OBR ORC RESULT(OBX NTE))) ' +
        'SPECIMEN(SPM ORDER(OBR RESULT(OBX)))',
    ],
  ])('%s %s', (type, segments, tree) => {
    expect(grouped(type, segments)).toEqual({ tree, issues: [] });
  });

  it('counts repetitions and knows parents', () => {
    const root = groupSegments(message('ORU^R01', 'PID OBR OBX OBX NTE'));
    const order = root.groups[0]?.groups[1];
    expect(order?.groups.map((group) => [group.name, group.repetition])).toEqual([
      ['OBSERVATION', 0],
      ['OBSERVATION', 1],
    ]);
    expect(order?.groups[1]?.parent).toBe(order);
    expect(order?.groups[1]?.segments.map((segment) => segment.name)).toEqual(['OBX', 'NTE']);
    expect(root.parent).toBeUndefined();
    expect(root.name).toBe('ORU_R01');
  });
});

describe('groupSegments: what does not fit', () => {
  it.each([
    [
      'Z segments stay where they stand, without a word',
      'ORU^R01',
      'PID OBR OBX ZZ1 NTE OBX',
      'MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX ZZ1 NTE) OBSERVATION(OBX)))',
      [],
    ],
    [
      'unknown segments too, with one',
      'ADT^A01',
      'EVN PID RF1 PV1',
      'MSH EVN PID RF1 PV1',
      ['RF1[3]'],
    ],
    ['out of order in the root', 'ADT^A01', 'EVN PID PV1 NK1', 'MSH EVN PID PV1 NK1', ['NK1[4]']],
    [
      'out of order after a group',
      'ADT^A01',
      'EVN PID PV1 IN1 OBX PR1 IN1',
      'MSH EVN PID PV1 INSURANCE(IN1) OBX PROCEDURE(PR1) INSURANCE(IN1)',
      ['OBX[5]'],
    ],
    ['once too often', 'ADT^A01', 'EVN PID PV1 PV1', 'MSH EVN PID PV1 PV1', ['PV1[4]']],
    [
      'orders without ORC',
      'ORM^O01',
      'PID OBR OBX OBR',
      'MSH PATIENT(PID) ORDER(ORDER_DETAIL(OBR OBSERVATION(OBX))) ORDER(ORDER_DETAIL(OBR))',
      ['OBR[2]', 'OBR[4]'],
    ],
    [
      'resources without RGS, in any order',
      'SIU^S12',
      'SCH PID AIP AIS',
      'MSH SCH PATIENT(PID) RESOURCES(PERSONNEL_RESOURCE(AIP) SERVICE(AIS))',
      ['AIP[3]', 'AIS[4]'],
    ],
    [
      'a note that has no place never moves to something else',
      'ORU^R01',
      'PID OBR NTE OBX SPM OBX NTE',
      'MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR NTE OBSERVATION(OBX) ' +
        'SPECIMEN(SPM SPECIMEN_OBSERVATION(OBX NTE))))',
      ['NTE[7]'],
    ],
    [
      'an unknown structure is flat',
      'ZZZ^Z01',
      'EVN PID OBX NTE',
      'MSH EVN PID OBX NTE',
      ['MSH-9'],
    ],
  ])('%s', (...[, type, segments, tree, issues]) => {
    expect(grouped(type, segments)).toEqual({ tree, issues });
  });

  it('loses and moves no segment', () => {
    const names = 'PID NTE OBX ZZ1 OBR MRG PV1 ORC SPM NTE DSC PID FT1 TQ1 CTI PD1 OBX'.split(' ');
    for (let turn = 0; turn < names.length; turn += 1) {
      names.push(names.shift() ?? '');
      const walk = (group: GroupNode): number[] =>
        group.children.flatMap((child) => (isGroup(child) ? walk(child) : [child.index]));
      const indexes = walk(groupSegments(message('ORU^R01', names.join(' '))));
      expect(indexes).toEqual(Array.from({ length: names.length + 1 }, (__, index) => index));
    }
  });
});

describe('canonicalStructure', () => {
  it.each([
    ['ADT^A04^ADT_A01', 'ADT_A01'],
    ['ADT^A08^ADT_A08', 'ADT_A01'],
    ['ADT^A08^NONSENSE', 'ADT_A01'],
    ['ORU^Z01^ORU_R01', 'ORU_R01'],
    ['SIU^S14^SIU_S14', 'SIU_S12'],
    ['ADT^A40', 'ADT_A39'],
    ['ZZZ^Z01^ZZZ_Z01', 'ZZZ_Z01'],
    ['__proto__^x', '__proto___x'],
    ['constructor', 'constructor'],
    ['ADT^A01^toString', 'ADT_A01'],
  ])('%s is %s', (type, structure) => {
    expect(canonicalStructure(message(type, 'PID'))).toBe(structure);
  });
});

it.each(
  (
    'ADT_A01 ADT_A02 ADT_A03 ADT_A05 ADT_A06 ADT_A09 ADT_A12 ADT_A15 ADT_A16 ADT_A17 ADT_A18 ADT_A20 ' +
    'ADT_A21 ADT_A24 ADT_A30 ADT_A37 ADT_A38 ADT_A39 ADT_A43 ADT_A45 ADT_A50 ADT_A52 ADT_A54 ADT_A60 ' +
    'ADT_A61 SIU_S12 ORM_O01 OML_O21 OML_O33 OMG_O19 OMP_O09 ORU_R01 ORU_R30 OUL_R21 OUL_R22 OUL_R23 ' +
    'OUL_R24 RDE_O01 RDE_O11 RDS_O01 RDS_O13 RAS_O01 RAS_O17 RGV_O15 VXU_V04 MDM_T01 MDM_T02 DFT_P03 ' +
    'DFT_P11 BAR_P01 BAR_P02 BAR_P12 REF_I12 PPR_PC1 MFN_M02 MFN_M05 QBP_Q11 QBP_Q21 RSP_K21 ACK'
  ).split(' '),
)('%s has a grammar that begins with MSH and has names only', (structure) => {
  const grammar = structureGrammar(structure);
  expect([...(grammar?.first ?? [])]).toEqual(['MSH']);
  for (const name of grammar?.all ?? []) expect(name).toMatch(/^[A-Z][A-Z0-9]{2}$/);
});
