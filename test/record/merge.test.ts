import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { mergeView, type MergeInput } from '../../src/record/merge.ts';
import { nextView } from '../../src/record/source-view.ts';

const home = (value: string): object => ({ system: 'phone', use: 'home', value });
const mail = { system: 'email', value: 'ada@example.org' };
const patient = (elements: object): Resource => ({ resourceType: 'Patient', ...elements });
const raw = (text: string): unknown =>
  (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON(text);

function merge(input: Partial<MergeInput> & { mine: Resource }): ReturnType<typeof mergeView> {
  return mergeView({ clears: [], stale: false, ...input });
}

describe('I4: a stale snapshot never overwrites a newer truth', () => {
  const registered = patient({ telecom: [home('555-1')], birthDate: '1980-02-03' });
  const corrected = patient({ telecom: [home('555-2')], birthDate: '1980-02-03' });

  it('keeps the phone that the front desk corrected when the feed repeats the old one', () => {
    const outcome = merge({ base: registered, theirs: corrected, mine: registered });
    expect(outcome).toEqual({ resource: corrected, changed: false, applied: [], kept: [] });
  });

  it('applies a really new phone of the feed', () => {
    const mine = patient({ telecom: [home('555-3')], birthDate: '1980-02-03' });
    const outcome = merge({ base: registered, theirs: corrected, mine });
    expect(outcome.resource['telecom']).toEqual([home('555-3')]);
    expect(outcome.applied).toEqual(['telecom']);
  });

  it('keeps the corrected phone although the event in between did not mention any', () => {
    const view = nextView({ base: registered, mine: patient({ gender: 'female' }), clears: [] });
    const outcome = merge({ base: view, theirs: corrected, mine: registered });
    expect(outcome.changed).toBe(false);
  });

  it('knows a repeated value as old also after an event that did not mention it', () => {
    const base = patient({ birthDate: '1980-02-03', active: true });
    const view = nextView({ base, mine: patient({ active: true }), clears: [] });
    const theirs = patient({ birthDate: '1980-02-13', active: true });
    expect(merge({ base: view, theirs, mine: base }).changed).toBe(false);
  });

  it('lets a manual phone stand against a source that speaks for the first time', () => {
    const outcome = merge({ theirs: corrected, mine: registered });
    expect(outcome.changed).toBe(false);
    expect(outcome.kept).toEqual(['telecom']);
  });

  it('applies nothing of a stale event', () => {
    const mine = patient({ telecom: [home('555-0')], maritalStatus: { text: 'S' } });
    const outcome = merge({ base: registered, theirs: registered, mine, stale: true });
    expect(outcome.changed).toBe(false);
    expect(outcome.kept).toEqual(['telecom', 'maritalStatus']);
  });
});

describe('elements', () => {
  const cases: readonly [string, Partial<MergeInput> & { mine: Resource }, object][] = [
    [
      'absent keeps',
      {
        base: patient({ telecom: [mail] }),
        theirs: patient({ telecom: [mail] }),
        mine: patient({}),
      },
      { telecom: [mail] },
    ],
    [
      '"" deletes, also what others wrote',
      {
        base: patient({ telecom: [mail] }),
        theirs: patient({ telecom: [mail, home('1')] }),
        mine: patient({}),
        clears: ['telecom'],
      },
      {},
    ],
    [
      '"" reaches inside',
      {
        theirs: { resourceType: 'Encounter', period: { start: '2026-01-01', end: '2026-01-02' } },
        mine: { resourceType: 'Encounter' },
        clears: ['period.end'],
      },
      { period: { start: '2026-01-01' } },
    ],
    [
      '"" takes a choice under any type',
      {
        theirs: patient({ deceasedBoolean: true }),
        mine: patient({}),
        clears: ['deceasedDateTime'],
      },
      {},
    ],
    [
      'a choice changes its type',
      {
        base: { resourceType: 'Observation', valueString: 'pending' },
        theirs: { resourceType: 'Observation', valueString: 'pending' },
        mine: { resourceType: 'Observation', valueQuantity: { value: 4 } },
      },
      { valueQuantity: { value: 4 } },
    ],
    [
      'a value is one thing: no unit of another value',
      {
        base: { resourceType: 'Observation', valueQuantity: { value: 3, unit: 'mg' } },
        theirs: { resourceType: 'Observation', valueQuantity: { value: 3, unit: 'mg' } },
        mine: { resourceType: 'Observation', valueQuantity: { value: 4 } },
      },
      { valueQuantity: { value: 4 } },
    ],
    [
      'a period comes from two events',
      {
        base: { resourceType: 'Encounter', period: { start: '2026-01-01' } },
        theirs: { resourceType: 'Encounter', period: { start: '2026-01-01' } },
        mine: { resourceType: 'Encounter', period: { end: '2026-01-02' } },
      },
      { period: { start: '2026-01-01', end: '2026-01-02' } },
    ],
    [
      'a new start behind the known end: nobody knows the end',
      {
        base: { resourceType: 'Encounter', period: { start: '2026-01-01', end: '2026-01-02' } },
        theirs: { resourceType: 'Encounter', period: { start: '2026-01-01', end: '2026-01-02' } },
        mine: { resourceType: 'Encounter', period: { start: '2026-02-01T08:00:00Z' } },
      },
      { period: { start: '2026-02-01T08:00:00Z' } },
    ],
    [
      'a known status is not replaced by unknown',
      {
        theirs: { resourceType: 'Encounter', status: 'in-progress' },
        mine: { resourceType: 'Encounter', status: 'unknown' },
      },
      { status: 'in-progress' },
    ],
    [
      'identifiers are a union',
      {
        base: patient({ identifier: [{ system: 's', value: '1' }] }),
        theirs: patient({ identifier: [{ system: 's', value: '1' }] }),
        mine: patient({ identifier: [{ system: 't', value: '2' }] }),
      },
      {
        identifier: [
          { system: 's', value: '1' },
          { system: 't', value: '2' },
        ],
      },
    ],
    [
      'an item that the source dropped goes',
      {
        base: patient({ telecom: [home('1'), mail] }),
        theirs: patient({ telecom: [home('1'), mail] }),
        mine: patient({ telecom: [home('1')] }),
      },
      { telecom: [home('1')] },
    ],
    [
      'an item that the source dropped stays where somebody changed it',
      {
        base: patient({ telecom: [home('1'), mail] }),
        theirs: patient({ telecom: [home('1'), { ...mail, rank: 1 }] }),
        mine: patient({ telecom: [home('1')] }),
      },
      { telecom: [home('1'), { ...mail, rank: 1 }] },
    ],
    [
      'an item that the source dropped stays where another source says it',
      {
        base: patient({ telecom: [home('1'), mail] }),
        theirs: patient({ telecom: [home('1'), mail] }),
        mine: patient({ telecom: [home('1')] }),
        others: [{ source: 'lis', at: new Date(1), view: patient({ telecom: [mail] }) }],
      },
      { telecom: [home('1'), mail] },
    ],
    [
      'what others added stays',
      {
        base: patient({ telecom: [home('1')] }),
        theirs: patient({ telecom: [home('1'), mail] }),
        mine: patient({ telecom: [home('2')] }),
      },
      { telecom: [home('2'), mail] },
    ],
    [
      'a second item of the same key is added beside a corrected one',
      {
        base: patient({ telecom: [home('1')] }),
        theirs: patient({ telecom: [home('9')] }),
        mine: patient({ telecom: [home('2'), home('1')] }),
      },
      { telecom: [home('9'), home('2')] },
    ],
    [
      'withdrawn: a correction takes back what it does not repeat',
      {
        base: {
          resourceType: 'Observation',
          interpretation: [{ text: 'H' }],
          note: [{ text: 'n' }],
        },
        theirs: {
          resourceType: 'Observation',
          interpretation: [{ text: 'H' }],
          note: [{ text: 'o' }],
        },
        mine: { resourceType: 'Observation', status: 'corrected' },
        absent: 'withdrawn',
      },
      { note: [{ text: 'o' }], status: 'corrected' },
    ],
    [
      'decimals compare by their text',
      {
        base: { resourceType: 'Observation', valueQuantity: { value: raw('1.0') } },
        theirs: { resourceType: 'Observation', valueQuantity: { value: raw('1.0') } },
        mine: { resourceType: 'Observation', valueQuantity: { value: raw('1.00') } },
      },
      { valueQuantity: { value: raw('1.00') } },
    ],
  ];

  it.each(cases)('%s', (_, input, expected) => {
    const outcome = merge(input);
    const type = input.mine.resourceType;
    expect(JSON.stringify(outcome.resource)).toBe(
      JSON.stringify({ resourceType: type, ...expected }),
    );
  });

  it('sees no change in an equal raw decimal', () => {
    const view = (): Resource => ({
      resourceType: 'Observation',
      valueQuantity: { value: raw('1.00') },
    });
    expect(merge({ theirs: view(), mine: view() }).changed).toBe(false);
  });

  it('a repeated "" does not delete what was written since', () => {
    const base = nextView({ mine: patient({ active: true }), clears: ['telecom'] });
    const theirs = patient({ active: true, telecom: [home('7')] });
    const outcome = merge({ base, theirs, mine: patient({ active: true }), clears: ['telecom'] });
    expect(outcome.changed).toBe(false);
  });

  it('notes the source only where something changed', () => {
    const theirs = patient({
      meta: { source: 'a', tag: [{ system: 't', code: 'x' }] },
      active: true,
    });
    const mine = patient({ meta: { source: 'b' }, active: true });
    expect(merge({ theirs, mine }).changed).toBe(false);
    const changed = merge({ theirs, mine: { ...mine, active: false } });
    expect(changed.resource.meta).toEqual({ source: 'b', tag: [{ system: 't', code: 'x' }] });
  });
});

describe('survivorship between sources', () => {
  const ehr = { source: 'ehr', at: new Date('2026-05-02T10:00:00Z') };
  const lis = { source: 'lis', at: new Date('2026-05-01T10:00:00Z') };
  const said = (birthDate: string): Resource => patient({ birthDate });

  it('gives the same result in both orders of arrival: the newer event', () => {
    const first = merge({
      theirs: said('1980-01-01'),
      mine: said('1980-01-02'),
      speaker: lis,
      others: [{ ...ehr, view: said('1980-01-01') }],
    });
    const second = merge({
      theirs: said('1980-01-02'),
      mine: said('1980-01-01'),
      speaker: ehr,
      others: [{ ...lis, view: said('1980-01-02') }],
    });
    expect(first.resource).toEqual(second.resource);
    expect(first.kept).toEqual(['birthDate']);
    expect(second.applied).toEqual(['birthDate']);
  });

  it('follows the table before the clock', () => {
    const outcome = merge({
      theirs: said('1980-01-02'),
      mine: said('1980-01-01'),
      speaker: ehr,
      others: [{ ...lis, view: said('1980-01-02') }],
      survivorship: { birthDate: { prefer: ['lis', 'ehr'], against: 'any' } },
    });
    expect(outcome.kept).toEqual(['birthDate']);
  });
});
