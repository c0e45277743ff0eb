import { freshnessState, type Freshness } from '../freshness.ts';
import { newestFirst, textAt } from '../reading.ts';
import { listOf, textOf } from '../same.ts';
import {
  entriesOf,
  loinc,
  recordExtension,
  sectionSystem,
  type RecordFacts,
  type RecordSection,
  type RecordSource,
  type SubSection,
} from '../section.ts';
import { buildTimeline, timelineTypes } from '../timeline.ts';

/** Insurance. Accounts tell who pays; balances are not ours. */
export const coverageSection: RecordSection = {
  name: 'coverage',
  title: 'Coverage',
  coding: { system: loinc, code: '48768-6' },
  types: ['Coverage', 'Account', 'ChargeItem', 'CoverageEligibilityResponse'],
  build: ({ of }) => {
    const shown = [
      ...of('Coverage'),
      ...of('Account'),
      ...newestFirst(of('CoverageEligibilityResponse'), ['created']).slice(0, 1),
    ];
    return entriesOf(shown.filter(({ status }) => status !== 'entered-in-error'));
  },
};

/** Which systems speak of the person, under which number, and whether they still do. */
export const sourcesSection: RecordSection = {
  name: 'sources',
  title: 'Sources and freshness',
  coding: { system: sectionSystem, code: 'sources' },
  types: [],
  build: (facts) => ({
    entries: [],
    sections: facts.sources
      .toSorted((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime())
      .map((source) => sourcePart(source, facts)),
  }),
};

/** The newest thirty events; `crm-timeline-next` is the cursor for older ones. */
export const timelineSection: RecordSection = {
  name: 'timeline',
  title: 'Timeline',
  coding: { system: loinc, code: '46240-8' },
  types: [],
  build: ({ of, now, allowed }) => {
    const resources = timelineTypes.filter((type) => allowed.has(type)).flatMap((type) => of(type));
    const { items, next } = buildTimeline(resources, { count: 30, until: now });
    const byReference = new Map(
      resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]),
    );
    return {
      entries: items.flatMap(({ ref }) => {
        const resource = byReference.get(ref);
        return resource === undefined ? [] : [{ resource }];
      }),
      ...(next === undefined
        ? {}
        : { extension: [recordExtension('crm-timeline-next', { valueString: next })] }),
    };
  },
};

function sourcePart(source: RecordSource, { patient, feeds, now }: RecordFacts): SubSection {
  const feed = feeds.find((each) => each.source === source.source);
  const state = feed === undefined ? 'ok' : freshnessState(feed, now);
  const number = textOf(listOf(source.view['identifier'])[0], 'value');
  const title = feed?.title ?? source.source;
  const heard = lastHeard(source, feed);
  return {
    title: `${title}: ${ageText(now.getTime() - heard.getTime())}${state === 'ok' ? '' : `, ${state}`}`,
    entries: [{ resource: patient }],
    extension: [
      recordExtension('crm-source', { valueString: source.source }),
      recordExtension('crm-source-state', { valueCode: state }),
      recordExtension('crm-last-event', { valueInstant: source.eventTime.toISOString() }),
      recordExtension('crm-last-received', { valueInstant: source.receivedAt.toISOString() }),
      ...(number === '' ? [] : [recordExtension('crm-source-number', { valueString: number })]),
      ...(textAt(feed, 'lastMessageType') === ''
        ? []
        : [recordExtension('crm-message-type', { valueString: feed?.lastMessageType })]),
    ],
  };
}

function lastHeard(source: RecordSource, feed: Freshness | undefined): Date {
  return feed === undefined ? source.receivedAt : new Date(feed.lastMessageAt);
}

/** `now`, `12 min ago`, `3 h ago`, `5 d ago`. */
function ageText(ageMs: number): string {
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 120) return `${minutes} min ago`;
  return minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} h ago`
    : `${Math.floor(minutes / 1440)} d ago`;
}
