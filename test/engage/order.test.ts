import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileRules, type RuleBook } from '../../src/engage/rules.ts';
import { Whom } from '../../src/engage/whom.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import type { Commit } from '../../src/store/store.ts';
import { appointment, patient } from './records.ts';
import { openSite, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

const start = '2026-03-08T09:00:00-04:00';
const of = (id: string, person: string, status = 'booked'): IdentifiedResource => {
  const actor = { reference: `Patient/${person}` };
  return appointment(status, start, { id, participant: [{ actor, status: 'accepted' }] });
};

function book(rules: string): RuleBook {
  const settings = [
    'channels: {patient: [in-app], staff: [in-app]}',
    'departments: {nursing: Nursing}',
    'caps: {max: 1, per: P1D}',
  ];
  const head = 'pack: pack\ntitle: Pack\ntemplates: {hello: Hello}\nrules:\n';
  return compileRules([
    [
      { name: 'settings.yaml', text: settings.join('\n') },
      { name: 'pack.yaml', text: head + rules },
    ],
  ]);
}

/** Holds the commits of rules until each is let go; `of` names what those are about that came so far. */
function holdRules(on: Site) {
  const { store } = on;
  const held: { about: string; release: () => void }[] = [];
  on.store = {
    ...store,
    commit: async (commit) => {
      if (commit.origin.startsWith('rule:') && (commit.outboxDone ?? []).length > 0) {
        await new Promise<void>((release) => held.push({ about: aboutOf(commit), release }));
      }
      return store.commit(commit);
    },
  };
  return held;
}

function aboutOf({ changes }: Commit): string {
  const texts = JSON.stringify(changes);
  return /Appointment\/\w+/.exec(texts)?.[0] ?? '';
}

describe('while the commit of an event is under way', () => {
  it('the next about the same person waits, and one about another does not', async () => {
    site = await openSite();
    await site.feed(patient('p'), patient('q'));
    await site.settle();
    await site.engage?.stop();
    await site.feed(of('first', 'p'));
    await site.feed(of('second', 'p'));
    await site.feed(of('first', 'p', 'cancelled'));
    await site.feed(of('other', 'q'));
    const held = holdRules(site);
    const engage = site.startEngage();
    const idle = engage.idle();
    await vi.waitFor(() => expect(held.length).toBe(2));
    expect(held.map(({ about }) => about)).toEqual(['Appointment/first', 'Appointment/other']);
    for (let at = 0; at < held.length; at += 1) {
      held[at]?.release();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await idle;
    expect(held.map(({ about }) => about)).toEqual([
      ...['Appointment/first', 'Appointment/other'],
      ...['Appointment/second', 'Appointment/first'],
    ]);
    // Booked, then cancelled: what was planned is taken back.
    const plans = await site.all('CommunicationRequest');
    const first = plans.filter((plan) => JSON.stringify(plan).includes('Appointment/first'));
    expect(first.map(({ status }) => status)).not.toContain('active');
    await engage.stop();
  });

  it('one that may lead to anybody waits for all, and all wait for it', async () => {
    const rules = book(`  - id: work
    version: 1
    mode: live
    title: Work
    on:
      - {resource: Appointment, change: [create]}
      - {resource: Location, change: [create], about: {search: "Appointment:location"}}
    steps: [{name: work, do: task, code: work, owner: "dept:nursing", description: Work, state: "{{ event.version }}"}]
    examples: [{name: one, now: "2026-01-01T00:00:00Z", event: {resourceType: Appointment, id: a}, expect: [{step: work}]}]
`);
    site = await openSite('memory', { rules });
    const actor = { reference: 'Location/ward' };
    const visit = of('first', 'p');
    const participant = [...(visit['participant'] as object[]), { actor, status: 'accepted' }];
    await site.feed({ ...visit, participant });
    await site.feed({ resourceType: 'Location', id: 'ward' });
    await site.feed(of('other', 'q'));
    const held = holdRules(site);
    const engage = site.startEngage();
    const idle = engage.idle();
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => expect(held.length).toBe(count));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(held.length).toBe(count);
      held.at(-1)?.release();
    }
    await idle;
    expect(held.map(({ about }) => about)).toEqual([
      ...['Appointment/first', 'Appointment/first', 'Appointment/other'],
    ]);
    await engage.stop();
  });
});

describe('messages that are due together', () => {
  it('are counted before the next of the same patient is sent, and go to others beside', async () => {
    const rules = book(`  - id: hello
    version: 1
    mode: live
    title: Hello
    on: [{resource: Appointment, change: [create]}]
    steps: [{name: say, do: communication, to: patient, category: hello, template: hello}]
    examples: [{name: one, now: "2026-01-01T00:00:00Z", event: {resourceType: Appointment, id: a}, expect: []}]
`);
    site = await openSite('sqlite', { rules });
    const old = patient('old', {
      link: [{ other: { reference: 'Patient/p' }, type: 'replaced-by' }],
    });
    const whole = patient('p', {
      link: [{ other: { reference: 'Patient/old' }, type: 'replaces' }],
    });
    await site.feed(old, whole, patient('q'), of('first', 'p'), of('second', 'old'));
    await site.feed(of('third', 'p'), of('other', 'q'));
    await site.settle();
    const sent = (await site.messages()).filter((each) => each.startsWith('completed'));
    expect(sent).toEqual(['completed Patient/p: Hello', 'completed Patient/q: Hello']);
    expect(await site.messages()).toHaveLength(4);
  });
});

describe('whom an event is about', () => {
  const told = (resource: IdentifiedResource, previous?: IdentifiedResource) => {
    const version = `${resource.resourceType}/${resource.id}/_history/1`;
    return { change: 'update', at: site.now, version, resource, previous } as const;
  };

  it('is every record of the person, the resource, and who it was about before', async () => {
    site = await openSite();
    const link = (other: string, type: string): object => ({
      link: [{ other: { reference: `Patient/${other}` }, type }],
    });
    await site.feed(patient('old', link('new', 'replaced-by')), patient('p'));
    await site.feed(patient('new', link('old', 'replaces')));
    const whom = new Whom(site.store);
    expect(await whom.of(told(of('a', 'new')))).toEqual({
      keys: ['Appointment/a', 'Patient/new', 'Patient/old'],
      isKnown: true,
    });
    expect(await whom.of(told(of('a', 'old'), of('a', 'p')))).toEqual({
      keys: ['Appointment/a', 'Patient/old', 'Patient/new', 'Patient/p'],
      isKnown: true,
    });
  });

  it('is not known of what names nobody', async () => {
    site = await openSite();
    const keys = { keys: ['Location/ward'], isKnown: false };
    const ward = { resourceType: 'Location', id: 'ward' };
    expect(await new Whom(site.store).of(told(ward))).toEqual(keys);
  });
});
