import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementsOf, mapWith, messageOf, msh, packOf, patientMap } from './pack-fixture.ts';
import type { MappedResource, MappingResult } from '../../src/mapping/result.ts';

const adt = (...segments: readonly string[]) => messageOf(msh('ADT^A01'), ...segments);

function run(slots: string, segments: readonly string[], more = ''): MappingResult {
  return mapWith(packOf(patientMap(slots, more)), adt(...segments));
}

function patient(result: MappingResult): Record<string, unknown> {
  return elementsOf(result.resources[0]?.resource);
}

describe('the three states of a value', () => {
  const slots =
    'birthDate: PID-7\nmaritalStatus: PID-16\ntelecom: { each: PID-13 }\ngender: { from: PID-8 }';

  it('sets what is valued, clears what is "", keeps silent about what is absent', () => {
    const result = run(slots, ['PID|1||||||19800203|||||||||""']);
    expect(patient(result)).toEqual({ birthDate: '1980-02-03' });
    expect(result.resources[0]?.clears).toEqual(['maritalStatus']);
  });

  it('clears nothing that another repetition or field has given', () => {
    const result = run('telecom: { each: [PID-13, PID-14] }', ['PID|1||||||||||||5551234|""']);
    expect(result.resources[0]?.clears).toEqual([]);
  });

  it('takes "" as silence with onNull: keep', () => {
    const files = patientMap(slots);
    const kept = {
      'a.map.yaml':
        files['a.map.yaml']?.replace('from: PID\n', 'from: PID\n    onNull: keep\n') ?? '',
    };
    const result = mapWith(packOf(kept), adt('PID|1||||||19800203|||||||||""'));
    expect(result.resources[0]?.clears).toEqual([]);
  });

  it('lets the event itself clear', () => {
    const result = run(
      'birthDate: PID-7\ndeath: { at: "deceased[x]", clear: true, when: "MSH-9.2 = A01" }',
      ['PID|1||||||1980'],
    );
    expect(result.resources[0]?.clears).toEqual(['deceasedBoolean', 'deceasedDateTime']);
  });
});

describe('a period whose ends are two fields', () => {
  const slots =
    'contact: { each: NK1, set: { name: NK1-2, period.start: NK1-8, period.end: NK1-9 } }\nname: PID-5';

  it.each([
    ['20260101', '20260201', { start: '2026-01-01', end: '2026-02-01' }, []],
    ['20260101', '', { start: '2026-01-01' }, []],
    ['20260301', '20260201', { start: '2026-03-01' }, ['NK1']],
  ])('%s to %s', (start, end, period, places) => {
    const result = run(slots, ['PID|1||||Doe', `NK1|1|Roe||||||${start}|${end}`]);
    expect(patient(result)['contact']).toEqual([{ name: { family: 'Roe' }, period }]);
    expect(result.issues.map(({ location }) => location)).toEqual(places);
  });
});

describe('loss', () => {
  it('names every valued field that no rule read, with its count', () => {
    const { loss } = run('name: PID-5', ['PID|1||9||Doe', 'ZAB|x|y', 'ZAB|x']);
    expect(loss).toEqual([
      { position: 'MSH-3', count: 1 },
      { position: 'MSH-4', count: 1 },
      { position: 'MSH-5', count: 1 },
      { position: 'MSH-6', count: 1 },
      { position: 'MSH-11', count: 1 },
      { position: 'PID-1', count: 1 },
      { position: 'PID-3', count: 1 },
      { position: 'ZAB-1', count: 2 },
      { position: 'ZAB-2', count: 1 },
    ]);
  });

  it('counts a field as lost whose further repetitions were left', () => {
    const positions = (slots: string): string[] =>
      run(slots, ['PID|||||Doe~Roe']).loss.map(({ position }) => position);
    expect(positions('name: PID-5')).toContain('PID-5');
    expect(positions('name: { each: PID-5 }')).not.toContain('PID-5');
  });

  it('names what only a resource that was not made had read, or a unit that no value took', () => {
    const pack = packOf({
      'a.map.yaml': `map: a
version: 1
when: { event: [ADT^A01] }
resources:
  patient: { type: Patient, from: PID, set: { name: { each: PID-5 } } }
  doctor:
    type: Practitioner
    from: PV1-7
    when: PV1-7.2 exists
    set:
      identifier: { from: "1", as: Identifier, required: skip }
      name: { set: { family: "2" } }
  observation:
    type: Observation
    from: OBX
    set:
      status: { const: final }
      code: OBX-3
      value: { at: 'value[x]', from: OBX-5, type: OBX-2, unit: OBX-6 }
      note: { at: note, each: OBX-8, where: OBX-2 = NM, set: { text: '.' } }
`,
    });
    const lossOf = (...segments: string[]): string[] =>
      mapWith(pack, messageOf(msh('ADT^A01'), ...segments))
        .loss.map(({ position }) => position)
        .filter((position) => !position.startsWith('MSH'));
    expect(lossOf('PID|||||Doe', 'PV1|||||||^House')).toEqual(['PV1-7']);
    expect(lossOf('PID|||||Doe', 'PV1|||||||7^House')).toEqual([]);
    expect(lossOf('OBX||NM|a||1|mg||H')).toEqual([]);
    expect(lossOf('OBX||CWE|a||x|mg||H')).toEqual(['OBX-6', 'OBX-8']);
  });

  it('counts what a condition asked as read, and what the map ignores', () => {
    const result = run(
      'name: { from: PID-5, when: "PID-8 = F" }',
      ['PID|1||||Doe|||F', 'ZAB|1'],
      'ignore: { PID-1: set id, ZAB: not ours, MSH-3: x, MSH-4: x, MSH-5: x, MSH-6: x, MSH-11: x }',
    );
    expect(result.loss).toEqual([]);
  });
});

describe('tables', () => {
  const sex = (otherwise: string): string =>
    `tables: { sex: { F: female, n: { drop: true }, else: ${otherwise} } }`;
  const gender = 'active: { const: true }\nbirthDate: PID-7\ngender: { from: PID-8, map: sex }';
  const genderOf = (code: string, otherwise: string): MappingResult =>
    run(gender, [`PID|||||||1980|${code}`], sex(otherwise));

  it('finds a row as it is, else without case', () => {
    expect(patient(genderOf('F', 'drop'))['gender']).toBe('female');
    expect(patient(genderOf('f', 'drop'))['gender']).toBe('female');
  });

  it('counts a code without a row, whatever else says', () => {
    for (const otherwise of ['drop', 'error', 'unknown']) {
      expect(genderOf('X', otherwise).unmapped).toEqual([
        { table: 'sex', code: 'X', position: 'PID-8', count: 1 },
      ]);
    }
    expect(genderOf('N', 'error').unmapped).toEqual([]);
  });

  it('drops, replaces or refuses as else says', () => {
    expect(patient(genderOf('X', 'drop'))['gender']).toBeUndefined();
    expect(patient(genderOf('X', 'unknown'))['gender']).toBe('unknown');
    expect(genderOf('X', 'error').issues).toEqual([
      {
        code: 'unmapped-code',
        severity: 'error',
        diagnostics: 'The table sex has no row for the code, and says `else: error`',
        location: 'PID-8',
      },
    ]);
  });

  it('keeps the original coding beside the mapped one', () => {
    const { 'a.map.yaml': text = '' } = patientMap('maritalStatus: { from: PID-16, map: Marital }');
    const pack = packOf({
      'a.map.yaml': text,
      't.map.yaml':
        'table: Marital\nversion: 1\nsystem: v2-0002\ntarget: urn:target\nrows: { M: { code: MAR, display: Married } }\nelse: keep\n',
    });
    const map = (code: string) =>
      patient(mapWith(pack, adt(`PID||||||||||||||||${code}`)))['maritalStatus'];
    const system = 'http://terminology.hl7.org/CodeSystem/v2-0002';
    expect(map('M^said so^L')).toEqual({
      coding: [
        { system: 'urn:target', code: 'MAR', display: 'Married' },
        { system: 'urn:weir:codesystem:mercy:local', code: 'M', display: 'said so' },
      ],
    });
    expect(map('S')).toEqual({ coding: [{ system, code: 'S' }] });
  });
});

describe('required', () => {
  it('refuses the message and says which field', () => {
    const { issues, resources } = run('name: { from: PID-5, required: true }', ['PID|1']);
    expect(resources).toEqual([]);
    expect(issues).toEqual([
      {
        code: 'required-field',
        severity: 'error',
        diagnostics: 'Patient was not made: its required name has no value',
        location: 'PID-5',
      },
    ]);
  });

  it('warns, or skips silently', () => {
    const severities = (required: string): string[] =>
      run(`name: { from: PID-5, required: ${required} }`, ['PID|1']).issues.map((i) => i.severity);
    expect(severities('warn')).toEqual(['warning']);
    expect(severities('skip')).toEqual([]);
  });

  it('leaves out the enclosing element alone within a set', () => {
    const slots =
      'birthDate: PID-7\ncontact: { each: NK1, set: { name: { from: NK1-2, required: true }, gender: { const: female } } }';
    const result = run(slots, ['PID|||||||1980', 'NK1|1|Doe', 'NK1|2']);
    expect(patient(result)['contact']).toEqual([{ name: { family: 'Doe' }, gender: 'female' }]);
    expect(result.issues.map(({ severity, location }) => [severity, location])).toEqual([
      ['warning', 'NK1-2'],
    ]);
  });
});

describe('shells', () => {
  it('drops what holds constants and references only', () => {
    expect(run('active: { const: true }', ['PID|1']).resources).toEqual([]);
  });

  it('makes no element of constants alone', () => {
    const slots = 'birthDate: PID-7\ncontact: { set: { gender: { const: female }, name: NK1-2 } }';
    expect(patient(run(slots, ['PID|||||||1980']))).toEqual({ birthDate: '1980' });
  });
});

describe('slots', () => {
  it('lets the first slot win that fills a single element', () => {
    const slots = 'birthDate: PID-7\nlater: { at: birthDate, from: PID-29 }';
    expect(patient(run(slots, ['PID|||||||1980' + '|'.repeat(22) + '1999']))['birthDate']).toBe(
      '1980',
    );
    expect(patient(run(slots, ['PID|' + '|'.repeat(28) + '1999']))['birthDate']).toBe('1999');
  });

  it('puts extensions on primitives and finds them again by URL', () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/patient-birthTime';
    const slots = `birthDate: PID-7
time: { at: "birthDate.extension(${url}).valueDateTime", from: PID-7, as: "DTM[timed]" }
vip: { at: "extension(urn:x).valueString", from: PID-8 }`;
    expect(patient(run(slots, ['PID|||||||198002031530|F']))).toEqual({
      birthDate: '1980-02-03',
      _birthDate: { extension: [{ url, valueDateTime: '1980-02-03T15:30:00+01:00' }] },
      extension: [{ url: 'urn:x', valueString: 'F' }],
    });
    expect(patient(run(slots, ['PID|||||||19800203|F']))['_birthDate']).toBeUndefined();
  });

  it('lays the slots of a set over what a converter made', () => {
    const slots =
      'telecom: { each: PID-13, as: ContactPoint, set: { use: { const: home, when: "2 not exists" } } }';
    const telecom = patient(run(slots, ['PID|||||||||||||5551234~5555678^WPN']))['telecom'];
    expect(telecom).toEqual([
      { system: 'phone', value: '5551234', use: 'home' },
      { system: 'phone', value: '5555678', use: 'work' },
    ]);
  });

  it('says for each element which field and rule made it', () => {
    const { trace } = run('name: { each: PID-5, set: { family: "1" } }', ['PID|||||Doe~Roe']);
    expect(trace).toEqual([
      { target: 'patient.name[0].family', source: 'PID-5.1', rule: 'a.map.yaml:10' },
      { target: 'patient.name[1].family', source: 'PID-5[1].1', rule: 'a.map.yaml:10' },
    ]);
  });

  it('reads settings in conditions: the map’s default, else the feed’s', () => {
    const pack = packOf(
      patientMap(
        'birthDate: PID-7\nname: { from: PID-5, when: "$names = true" }',
        'settings: { names: { default: false } }',
      ),
    );
    const names = (settings: Record<string, boolean>): unknown =>
      patient(mapWith(pack, adt('PID|||||Doe||1980'), { settings }))['name'];
    expect(names({})).toBeUndefined();
    expect(names({ names: true })).toEqual([{ family: 'Doe' }]);
  });
});

describe('the same message', () => {
  const pack = packOf(patientMap('identifier: { each: PID-3 }\nname: { each: PID-5 }'));

  it('gives the same result, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 8 }), (fields) => {
        const message = adt(`PID|${fields.map((text) => text.replace(/[\r\n]/g, '')).join('|')}`);
        const once: readonly MappedResource[] = mapWith(pack, message).resources;
        expect(mapWith(pack, message).resources).toEqual(once);
        for (const { fullUrl } of once) {
          expect(fullUrl).toMatch(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        }
      }),
    );
  });
});
