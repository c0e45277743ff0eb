import { describe, expect, it } from 'vitest';
import { mapWith, messageOf, msh, packOf } from './pack-fixture.ts';

const pack = packOf({
  'oru.map.yaml': `map: oru
version: 1
when: { event: [ORU^R01] }
resources:
  patient:
    type: Patient
    from: PID
    key: person
    set: { identifier: { each: PID-3 } }
  encounter:
    type: Encounter
    from: PV1
    key: PV1-19
    set:
      identifier: PV1-19
      status: { const: unknown }
      class: { from: PV1-2 }
  specimen:
    type: Specimen
    from: SPM
    set: { type: SPM-4 }
  observation:
    type: Observation
    from: ORDER_OBSERVATION.OBSERVATION.OBX
    key: [OBR-3, OBX-3]
    set:
      status: { const: final }
      code: OBX-3
      subject: { ref: patient }
      encounter: { ref: encounter }
      specimen: { ref: specimen }
      method.text: OBR-4.2
      note: { each: NTE-3, set: { text: "." } }
      bodySite.text: PID-8
  report:
    type: DiagnosticReport
    from: ORDER_OBSERVATION
    keep: true
    set:
      status: { const: final }
      code: { oneOf: [OBR-4, { const: { text: none } }] }
      result: { ref: observation }
      conclusion: { each: NTE-3, join: "\\n" }
      specimen: { ref: specimen }
      resultsInterpreter: { set: { display: { each: OBSERVATION.OBX-3, join: "," } } }
`,
});

const message = messageOf(
  msh('ORU^R01'),
  'PID|1||1^^^MERCY||Doe^Jane|||F',
  'PV1|1|I|||||||||||||||||V1^^^MERCY',
  'OBR|1||F1|A^Panel A',
  'NTE|1||of order A',
  'OBX|1|ST|a1||x||||||F',
  'NTE|1||of a1',
  'OBX|2|ST|a2||y||||||F',
  'SPM|1|||BLD',
  'OBR|2||F2|B^Panel B',
  'OBX|1|ST|b1||z||||||F',
);

interface Found {
  readonly fullUrl: string;
  readonly body: Record<string, unknown>;
}

const found = new Map(
  mapWith(pack, message).resources.map(({ name, fullUrl, resource }): [string, Found] => [
    name,
    { fullUrl, body: resource },
  ]),
);

function bodyOf(name: string): Record<string, unknown> {
  return found.get(name)?.body ?? {};
}

function referenceTo(name: string): unknown {
  return expect.objectContaining({ reference: found.get(name)?.fullUrl });
}

describe('where a path looks', () => {
  it('keeps a note with its own observation', () => {
    expect(bodyOf('observation#1')['note']).toEqual([{ text: 'of a1' }]);
  });

  it('gives an observation without a note none, not that of its order', () => {
    expect(bodyOf('observation#2')['note']).toBeUndefined();
    expect(bodyOf('observation#3')['note']).toBeUndefined();
  });

  it('reads the segments of ancestor groups', () => {
    expect(bodyOf('observation#2')['method']).toEqual({ text: 'Panel A' });
    expect(bodyOf('observation#3')['method']).toEqual({ text: 'Panel B' });
  });

  it('reads a group that stands beside and cannot repeat', () => {
    expect(bodyOf('observation#3')['bodySite']).toEqual({ text: 'F' });
  });

  it('reads down into the groups that are named, of its own group only', () => {
    expect(bodyOf('report#1')['resultsInterpreter']).toEqual([{ display: 'a1,a2' }]);
    expect(bodyOf('report#2')['resultsInterpreter']).toEqual([{ display: 'b1' }]);
  });

  it('makes an instance of a group whose first segment is absent', () => {
    expect(bodyOf('report#1')['conclusion']).toBe('of order A');
    expect(bodyOf('report#2')['conclusion']).toBeUndefined();
  });
});

describe('what a reference finds', () => {
  it('finds the patient and the visit of the result', () => {
    expect(bodyOf('observation#3')['subject']).toEqual(referenceTo('patient'));
    expect(bodyOf('observation#3')['encounter']).toEqual(referenceTo('encounter'));
  });

  it('carries the first identifier of a person', () => {
    expect(bodyOf('observation#1')['subject']).toEqual({
      reference: found.get('patient')?.fullUrl,
      identifier: { system: 'urn:authority:MERCY', value: '1' },
    });
  });

  it('gives all observations of the own order, and no other', () => {
    expect(bodyOf('report#1')['result']).toEqual([
      referenceTo('observation#1'),
      referenceTo('observation#2'),
    ]);
    expect(bodyOf('report#2')['result']).toEqual([referenceTo('observation#3')]);
  });

  it('does not borrow the specimen of another order', () => {
    expect(bodyOf('report#1')['specimen']).toEqual([referenceTo('specimen')]);
    expect(bodyOf('report#2')['specimen']).toBeUndefined();
    expect(bodyOf('observation#3')['specimen']).toBeUndefined();
  });
});
