import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CountedSite, type End } from './counted-site.ts';
import { helloRules } from './hello.ts';
import { appointment, optOut, order, patient, report, result, stay } from './records.ts';

/** An element that no rule fills. */
const kept = { language: 'de' } as const;

const start = '2026-03-12T09:00:00-04:00';
const moved = '2026-03-13T09:00:00-04:00';
const due = '2026-03-11T13:00:00Z';

/** The same rules, where what patients get leaves the house. */
const outside = helloRules({
  channels: '[gateway]',
  step: '{name: say, do: plan, at: {anchor: start, offset: -P1D}, to: patient, category: hello, template: hello}',
  example:
    '{name: one, now: "2026-01-01T00:00:00Z", event: {resourceType: Appointment, id: a, start: "2026-03-12T09:00:00-04:00", ' +
    'participant: [{actor: {reference: Patient/p}, status: accepted}]}, expect: [{step: say}]}',
});

interface Moment {
  readonly rules?: typeof outside;
  /** All that is handled before. */
  readonly prepare: (site: CountedSite) => Promise<void>;
  /** What is to be handled beside another writer. */
  readonly then: (site: CountedSite) => Promise<void> | void;
  /** What others do, by a name. */
  readonly others?: Readonly<Record<string, Other>>;
}

interface Other {
  readonly does: (site: CountedSite) => Promise<void>;
  /**
   * It may also be as if it came after the first commit, wherever it came: a search cannot be held to what it did not find.
   */
  readonly mayMiss?: true;
}

const potassium = result('potassium', 6.8, 'HH');
const corrected = result('potassium', 4.1, 'N', 'corrected');

const first = async (site: CountedSite, type: string): Promise<string> => {
  const found = await site.all(type);
  return `${type}/${found[0]?.id ?? ''}`;
};
const writes = (type: string, change: object, more: Pick<Other, 'mayMiss'> = {}): Other => ({
  does: async (site) =>
    site.write(() => change, type.includes('/') ? type : await first(site, type)),
  ...more,
});

const completes = writes('Task', { status: 'completed', note: [{ text: 'Called' }] });
const takes = writes('Task', { status: 'in-progress', owner: { reference: 'Practitioner/n' } });
const removes: Other = {
  does: async (site) => {
    for (const { id = '' } of await site.all('Task')) {
      await site.raw.commit({
        now: site.now,
        origin: 'rest',
        changes: [{ op: 'delete', type: 'Task', id }],
      });
    }
  },
};

const objections: Moment['others'] = {
  'the patient dies': writes('Patient/p', { deceasedBoolean: true }),
  'the patient becomes inactive': writes('Patient/p', { active: false }),
  'the patient is merged': writes('Patient/p', {
    link: [{ type: 'replaced-by', other: { reference: 'Patient/q' } }],
  }),
  'the appointment moves': writes('Appointment/visit', { start: moved }),
  'somebody revokes it': {
    does: async (site) => {
      const plans = await site.all('CommunicationRequest');
      const id = plans.find((each) => /reminder|say/.test(JSON.stringify(each)))?.id ?? '';
      await site.write(() => ({ status: 'revoked' }), `CommunicationRequest/${id}`);
    },
  },
};

/** As a merge does. */
const turns: Other = {
  does: async (site) => {
    const turned = { subject: { reference: 'Patient/q' }, recipient: [{ reference: 'Patient/q' }] };
    for (const type of ['CommunicationRequest', 'Communication'])
      await site.write(() => turned, await first(site, type));
  },
};

const refuses: Other['does'] = (site) => site.feed(optOut());

async function planned(site: CountedSite): Promise<void> {
  await site.feed(patient('p'), patient('q'), appointment('booked', start));
}
const comesDue = (site: CountedSite): void => {
  site.now = new Date(due);
};

const moments: Readonly<Record<string, Moment>> = {
  'a Task is made': {
    prepare: (site) => site.feed(patient('p'), order()),
    then: (site) => site.feed(potassium, report('final', [potassium])),
    others: {
      'the result is corrected': {
        does: (site) => site.feed(corrected, report('corrected', [corrected])),
        mayMiss: true,
      },
    },
  },
  'a Task is opened again': {
    prepare: (site) => site.feed(patient('p'), order(), potassium, report('final', [potassium])),
    then: (site) => site.feed(corrected, report('corrected', [corrected])),
    others: { 'a nurse completes it': completes, 'it is removed': removes },
  },
  'a hand-over is made': {
    prepare: async (site) => {
      await site.feed(patient('p'), order(), stay('in-progress'));
      await site.feed(potassium, report('final', [potassium]));
    },
    then: (site) => site.feed(stay('finished')),
    others: {
      'a nurse completes a review': { ...completes, mayMiss: true },
      'an order is completed': writes(
        'ServiceRequest/order',
        { status: 'completed' },
        { mayMiss: true },
      ),
      'the discharge is cancelled': writes(
        'Encounter/stay',
        { status: 'in-progress' },
        { mayMiss: true },
      ),
    },
  },
  'a hand-over is taken back': {
    prepare: async (site) => {
      await site.feed(patient('p'), order(), stay('in-progress'));
      await site.settle();
      await site.feed(stay('finished'));
    },
    then: (site) => site.feed(stay('in-progress')),
    others: {
      'a nurse takes it': takes,
      'a nurse completes it': completes,
      'it is removed': removes,
    },
  },
  'a hand-over is opened again': {
    prepare: async (site) => {
      await site.feed(patient('p'), order(), stay('in-progress'));
      for (const status of ['finished', 'in-progress']) {
        await site.settle();
        await site.feed(stay(status));
      }
    },
    then: (site) => site.feed(stay('finished')),
    others: { 'a nurse completes it': completes, 'it is removed': removes },
  },
  'messages are planned': { prepare: (site) => site.feed(patient('p')), then: planned },
  'plans are taken back and made anew': {
    prepare: planned,
    then: (site) => site.feed(appointment('booked', moved)),
  },
  'plans that were taken back are made again': {
    prepare: async (site) => {
      await planned(site);
      await site.settle();
      await site.feed(appointment('booked', moved));
    },
    then: (site) => site.feed(appointment('booked', start)),
  },
  'plans are taken back': {
    prepare: planned,
    then: (site) => site.feed(appointment('cancelled', start)),
  },
  'a message is sent in-app': {
    prepare: planned,
    then: comesDue,
    others: { ...objections, 'the patient refuses': { does: refuses, mayMiss: true } },
  },
  'a message is sent to whoever the patient became': {
    prepare: async (site) => {
      await planned(site);
      await site.settle();
      const link = [{ type: 'replaced-by', other: { reference: 'Patient/q' } }];
      await site.feed(patient('p', { link }));
    },
    then: comesDue,
    others: {
      'they are parted again': writes('Patient/p', { link: [] }),
      'the other one dies': writes('Patient/q', { deceasedBoolean: true }),
    },
  },
  'a message is refused': {
    prepare: async (site) => {
      await planned(site);
      await site.settle();
      await refuses(site);
    },
    then: comesDue,
    others: {
      'the patient dies': writes('Patient/p', { deceasedBoolean: true }, { mayMiss: true }),
    },
  },
  'a message leaves the house': {
    rules: outside,
    prepare: planned,
    then: comesDue,
    others: {
      ...objections,
      'the patient refuses': { does: refuses },
      'it is turned to another record': turns,
    },
  },
  'a message leaves the house at the second try': {
    rules: outside,
    prepare: async (site) => {
      await planned(site);
      await site.settle();
      comesDue(site);
      site.failures = 1;
    },
    then: (site) => {
      site.now = new Date(site.now.getTime() + 60_000);
    },
    others: {
      ...objections,
      'the patient refuses': { does: refuses },
      'it is turned to another record': turns,
      'somebody tells them by telephone': writes('Communication', {
        status: 'completed',
        note: [{ text: 'By telephone' }],
      }),
    },
  },
  'the gateway takes nothing': {
    rules: outside,
    prepare: async (site) => {
      await planned(site);
      await site.settle();
      site.failures = Infinity;
      for (const minutes of [0, 1, 5, 30]) {
        site.now = new Date(Math.max(site.now.getTime(), Date.parse(due)) + minutes * 60_000);
        await site.settle();
      }
    },
    then: (site) => {
      site.now = new Date(site.now.getTime() + 120 * 60_000);
    },
    others: {
      'somebody tells them by telephone': {
        ...writes('Communication', { status: 'completed', note: [{ text: 'By telephone' }] }),
      },
    },
  },
};

async function begun({ rules, prepare, then }: Moment): Promise<CountedSite> {
  const site = new CountedSite(rules);
  await prepare(site);
  await site.settle();
  await then(site);
  site.born.clear();
  site.calls = 0;
  site.commits = 0;
  return site;
}

/**
 * How all ends where another does something before the n-th call (Infinity: after all of them). `met` where there was one;
 * `isBefore` where nothing was committed yet.
 */
async function ending(
  moment: Moment,
  at: number | 'jobs',
  does: Other['does'],
): Promise<{ met: boolean; isBefore: boolean; end: End; born: CountedSite['born'] }> {
  const site = await begun(moment);
  let [met, isBefore] = [false, true];
  const what = async (): Promise<void> => {
    [met, isBefore] = [true, site.commits === 0];
    await does(site);
  };
  site.happens = { at, what };
  await site.settle();
  site.happens = undefined;
  if (at === Infinity) await does(site);
  await site.settle();
  const end = await site.end();
  await site.close();
  return { met, isBefore, end, born: site.born };
}

describe.each(Object.entries(moments))('while %s', (_, moment) => {
  it('what others write stays, and so does what the rules want', async () => {
    const untouched = await begun(moment);
    const { newest: before } = await untouched.end();
    await untouched.close();
    let positions = 0;
    const { end: calm, born } = await ending(moment, 0, async () => undefined);
    for (const [victim, becomes] of Object.entries(calm.newest)) {
      if (isDeepStrictEqual(before[victim], becomes)) continue;
      const wanted = { ...calm, newest: { ...calm.newest, [victim]: { ...becomes, ...kept } } };
      for (let at = (before[victim] ? 0 : (born.get(victim) ?? 0)) + 1; ; at += 1) {
        const { met, end } = await ending(moment, at, (site) => site.write(() => kept, victim));
        if (!met) break;
        expect([victim, at, end]).toEqual([victim, at, wanted]);
        positions += 1;
      }
    }
    expect(positions).toBeGreaterThan(0);
  });

  // As if they had come before it, or after it; and where they came before the commit that decides, it heeds them.
  const others = Object.entries(moment.others ?? {});
  it.runIf(others.length > 0).each(others)('%s', async (_, { does, mayMiss }) => {
    const [first, between, last] = [
      await ending(moment, 1, does),
      await ending(moment, 'jobs', does),
      await ending(moment, Infinity, does),
    ];
    if (mayMiss !== true) expect(first.end).not.toEqual(last.end);
    for (let [at, met] = [2, true]; met; at += 1) {
      const ended = await ending(moment, at, does);
      ({ met } = ended);
      if (!met) break;
      const isHeeded = ended.isBefore && mayMiss !== true;
      const allowed = isHeeded ? [first, between] : [first, between, last];
      const is = allowed.find(({ end }) => isDeepStrictEqual(end, ended.end));
      if (is === undefined) expect([at, ended.end]).toEqual([at, (isHeeded ? first : last).end]);
    }
  });
});
