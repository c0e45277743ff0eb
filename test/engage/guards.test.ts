import { describe, expect, it } from 'vitest';
import { notDoneReasons } from '../../src/engage/codes.ts';
import type { Facts } from '../../src/engage/facts.ts';
import { firstObjection, guardChain } from '../../src/engage/guard.ts';
import { parseWallTime } from '../../src/engage/schedule.ts';
import type { MessageStep } from '../../src/engage/rule.ts';
import { baseRules } from './site.ts';

const rule = baseRules.rule('appointment-messages');
const step = rule?.steps.find((each) => each.name === 'reminder') as MessageStep;

/** A reminder to which nothing objects. */
const fine: Facts = {
  now: new Date('2026-03-07T14:00:00Z'),
  payload: {
    request: 'request',
    rule: 'appointment-messages',
    step: 'reminder',
    focus: 'Appointment/visit',
    zone: 'America/New_York',
    anchor: '2026-03-08T09:00:00-04:00',
    expiresAt: '2026-03-08T11:00:00Z',
  },
  request: { resourceType: 'CommunicationRequest', id: 'request', status: 'active' },
  rule,
  step,
  focus: {
    resourceType: 'Appointment',
    id: 'visit',
    status: 'booked',
    start: '2026-03-08T13:00:00Z',
  },
  recipient: { reference: 'Patient/p' },
  person: { resourceType: 'Patient', id: 'p', active: true, deceasedBoolean: false },
  merged: [],
  survivorLost: false,
  consents: [],
  channel: {
    id: 'in-app',
    withinCommit: true,
    textMax: 20,
    reaches: () => true,
    send: async () => ({ providerId: '', status: 'sent' }),
  },
  text: 'See you tomorrow',
  quietHours: { from: parseWallTime('20:00'), to: parseWallTime('08:00') },
  caps: [{ max: 3, sent: 2 }],
  attempt: undefined,
  attemptId: 'attempt',
};

const patientWith = (more: object): Partial<Facts> => ({
  person: { resourceType: 'Patient', id: 'p', ...more },
});
const quiet: Partial<Facts> = {
  quietHours: { from: parseWallTime('08:00'), to: parseWallTime('10:00') },
};

/** What makes each guard object, in the order of the chain. */
const faults: readonly (readonly [string, Partial<Facts>])[] = [
  ['rule-withdrawn', { step: undefined }],
  ['merged', { survivorLost: true }],
  ['deceased', patientWith({ deceasedBoolean: true })],
  ['inactive', { person: { resourceType: 'Patient', id: 'p', active: false } }],
  ['superseded', { focus: undefined }],
  ['expired', { now: new Date('2026-03-08T11:00:01Z') }],
  ['opt-out', { consents: [consent('deny', 'appointment', '2026-01-01')] }],
  ['no-channel', { channel: undefined }],
  ['quiet-hours', quiet],
  [
    'frequency-cap',
    {
      caps: [
        { max: 9, sent: 1 },
        { max: 3, sent: 3 },
      ],
    },
  ],
  ['duplicate', { attempt: { resourceType: 'Communication', id: 'c', status: 'completed' } }],
  ['content', { text: 'x'.repeat(21) }],
  ['template-error', { text: undefined }],
];

function consent(type: string, category: string | undefined, dateTime: string, more: object = {}) {
  return {
    resourceType: 'Consent',
    id: `${type}-${dateTime}`,
    status: 'active',
    category: [{ coding: [{ code: 'crm-messaging' }] }],
    dateTime,
    provision: { type, ...(category ? { code: [{ coding: [{ code: category }] }] } : {}) },
    ...more,
  };
}

function verdict(facts: Partial<Facts>): string | undefined {
  const objection = firstObjection({ ...fine, ...facts });
  return objection?.kind === 'defer' ? 'quiet-hours' : objection?.reason;
}

describe('the guard chain', () => {
  it('lets a message pass to which nothing objects', () => {
    expect(verdict({})).toBeUndefined();
  });

  it('has this order', () => {
    expect(guardChain.map(([name]) => name)).toEqual(faults.map(([name]) => name));
  });

  it.each(faults)('%s objects by itself', (name, fault) => {
    expect(verdict(fault)).toBe(name);
  });

  it.each(faults.map(([name], index) => [name, index] as const))(
    '%s comes before all that follow it',
    (name, index) => {
      const later = faults.slice(index + 1);
      const [, own] = faults[index] ?? [];
      // Two faults of one fact cannot be had at once; the earlier one's value is kept.
      const both = later.map(([, fault]) => ({ ...fault, ...own }));
      for (const facts of both) expect(verdict(facts)).toBe(name);
    },
  );

  it('has a code for every refusal, and no others', () => {
    const codes = faults.map(([name]) => name).filter((name) => name !== 'quiet-hours');
    expect(Object.keys(notDoneReasons)).toEqual([...codes, 'system-error']);
  });
});

describe('superseded', () => {
  const visit = fine.focus;
  it.each([
    ['the anchor moved', { ...visit, start: '2026-03-09T13:00:00Z' }, 'superseded'],
    [
      'the same instant in other words',
      { ...visit, start: '2026-03-08T08:00:00-05:00' },
      undefined,
    ],
    ['the recheck fails', { ...visit, status: 'arrived' }, 'superseded'],
    ['the anchor is gone', { ...visit, start: undefined }, 'superseded'],
  ])('%s', (_, focus, expected) => {
    expect(verdict({ focus } as Partial<Facts>)).toBe(expected);
  });
});

describe('opt-out', () => {
  const day = (date: string) => `2026-01-${date}`;
  it.each([
    ['deny of this category', [consent('deny', 'appointment', day('01'))], 'opt-out'],
    ['deny of everything', [consent('deny', undefined, day('01'))], 'opt-out'],
    ['deny of another category', [consent('deny', 'survey', day('01'))], undefined],
    ['permit', [consent('permit', 'appointment', day('01'))], undefined],
    [
      'a later permit',
      [consent('deny', undefined, day('01')), consent('permit', 'appointment', day('02'))],
      undefined,
    ],
    [
      'a later deny',
      [consent('permit', 'appointment', day('01')), consent('deny', undefined, day('02'))],
      'opt-out',
    ],
    [
      'a deny withdrawn',
      [consent('deny', undefined, day('01'), { status: 'inactive' })],
      undefined,
    ],
    [
      'a consent about research',
      [consent('deny', undefined, day('01'), { category: [{ coding: [{ code: 'research' }] }] })],
      undefined,
    ],
  ])('%s', (_, consents, expected) => {
    expect(verdict({ consents })).toBe(expected);
  });
});

describe('other borders', () => {
  it.each<[string, Partial<Facts>, string | undefined]>([
    ['a date of death', patientWith({ deceasedDateTime: '2026-01-01' }), 'deceased'],
    [
      'an attempt in progress is ours to finish',
      {
        attempt: { resourceType: 'Communication', id: 'c', status: 'in-progress' },
      },
      undefined,
    ],
    ['an empty text', { text: '' }, 'content'],
    ['a text that just fits', { text: 'x'.repeat(20) }, undefined],
    ['a department', { recipient: { identifier: { value: 'x' } }, person: undefined }, undefined],
    ['nobody', { recipient: undefined }, 'no-channel'],
    [
      'on the last second',
      { now: new Date('2026-03-08T11:00:00Z'), quietHours: undefined },
      undefined,
    ],
  ])('%s', (_, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });

  it('quiet hours wait for their end', () => {
    expect(firstObjection({ ...fine, ...quiet })).toEqual({
      kind: 'defer',
      until: new Date('2026-03-07T15:00:00Z'),
    });
  });
});
