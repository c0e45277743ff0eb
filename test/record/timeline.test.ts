import { describe, expect, it } from 'vitest';
import { searchParameters } from '../../src/fhir/definitions.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { recordNeeds } from '../../src/record/crm-record.ts';
import { freshnessState, readFreshness } from '../../src/record/freshness.ts';
import { sectionNames } from '../../src/record/record-view.ts';
import { buildTimeline } from '../../src/record/timeline.ts';
import { coded, everything, observation, resource } from './record-fixture.ts';

describe('$timeline', () => {
  it('is newest first, one item for a report and not one for each of its results', () => {
    const { items } = buildTimeline(everything, { count: 100 });
    const times = items.map(({ at }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    const refs = items.map(({ ref }) => ref);
    expect(refs).toContain('DiagnosticReport/panel');
    expect(refs).toContain('Observation/k6');
    expect(refs).not.toContain('Observation/k7');
    expect(refs).not.toContain('Observation/wrong');
    expect(items.find(({ ref }) => ref === 'DiagnosticReport/panel')).toEqual({
      at: '2026-04-07T08:00:00Z',
      kind: 'report',
      title: 'Panel',
      source: 'ehr',
      ref: 'DiagnosticReport/panel',
      status: 'final',
    });
  });

  it('walks in pages that give every item once, whatever comes in meanwhile', () => {
    const all = buildTimeline(everything, { count: 100 }).items.map(({ ref }) => ref);
    const walked: string[] = [];
    let known = everything;
    let before: string | undefined;
    do {
      const page = buildTimeline(known, { count: 3, ...(before === undefined ? {} : { before }) });
      walked.push(...page.items.map(({ ref }) => ref));
      before = page.next;
      const effectiveDateTime = '2026-06-01T08:00:00Z';
      known = [observation(`new${known.length}`, 30, { effectiveDateTime }), ...known];
    } while (before !== undefined && walked.length <= all.length);
    expect(walked).toEqual(all);
  });

  it('orders by the instant and shows the clock of the source', () => {
    const order = (id: string, authoredOn: string): IdentifiedResource =>
      resource('ServiceRequest', id, { status: 'active', authoredOn, code: coded(id) });
    const orders = [
      order('noon-in-rome', '2026-04-01T12:00:00+02:00'),
      order('seven-in-albany', '2026-04-01T07:00:00-04:00'),
      order('that-day', '2026-04-01'),
    ];
    const all = buildTimeline(orders, { count: 9 }).items.map(({ at }) => at);
    expect(all).toEqual(['2026-04-01T07:00:00-04:00', '2026-04-01T12:00:00+02:00', '2026-04-01']);
    const { next = '' } = buildTimeline(orders, { count: 1 });
    const rest = buildTimeline(orders, { count: 9, before: next }).items.map(({ at }) => at);
    expect(rest).toEqual(all.slice(1));
  });

  it.each([
    [
      'a visit by its type',
      resource('Encounter', 'e', { class: { code: 'AMB' }, type: [{ text: 'Check-up' }] }),
      'Check-up',
    ],
    [
      'one whose type is a bare code by its class',
      resource('Encounter', 'e', {
        class: { code: 'AMB', display: 'ambulatory' },
        type: [
          { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0007', code: 'R' }] },
        ],
        serviceType: { coding: [{ code: 'MED' }] },
      }),
      'ambulatory',
    ],
    [
      'a message by what it said',
      resource('Communication', 'c', {
        status: 'completed',
        category: [{ coding: [{ code: 'appointment' }] }],
        payload: [{ contentString: 'Your appointment is booked' }],
      }),
      'Your appointment is booked',
    ],
    [
      'one that was not sent by what it was about',
      resource('Communication', 'c', { status: 'not-done', category: [{ text: 'appointment' }] }),
      'appointment',
    ],
  ])('calls %s', (_case, event, title) => {
    expect(buildTimeline([event], { count: 1 }).items).toEqual([
      expect.objectContaining({ title }),
    ]);
  });

  it('ends without a cursor, starts anew for one that is none, and can leave out the future', () => {
    expect(buildTimeline([], { count: 5 })).toEqual({ items: [] });
    const first = buildTimeline(everything, { count: 2 });
    expect(buildTimeline(everything, { count: 2, before: '%%' }).items).toEqual(first.items);
    const until = new Date('2026-05-01T12:00:00Z');
    const { items } = buildTimeline(everything, { count: 100, until });
    expect(items.map(({ ref }) => ref)).not.toContain('Appointment/next');
  });
});

describe('freshness', () => {
  const feed = {
    source: 'ehr',
    title: 'EHR',
    lastMessageAt: '2026-05-01T12:00:00Z',
    lastEventAt: '2026-05-01T12:00:00Z',
    lastControlId: '1',
    lastMessageType: 'ADT^A08',
  };
  it.each([
    ['12:10:00', 'ok'],
    ['12:10:01', 'late'],
    ['12:30:00', 'late'],
    ['12:30:01', 'down'],
  ])('at %s it is %s', (time, state) => {
    const now = new Date(`2026-05-01T${time}Z`);
    expect(freshnessState({ ...feed, expectedEveryMs: 600_000 }, now)).toBe(state);
    expect(freshnessState(feed, now)).toBe('ok');
  });
  it('reads back its own entries only', () => {
    expect(readFreshness(JSON.stringify(feed))).toEqual(feed);
    expect(readFreshness('null')).toBeUndefined();
  });
});

describe('recordNeeds', () => {
  it.each(recordNeeds(sectionNames).map(({ type, param }) => [type, param] as const))(
    '%s has the search parameter %s',
    (type, param) => {
      expect(searchParameters(type).get(param)?.type).toBe('reference');
    },
  );
});
