import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { freshnessState, type Freshness } from './freshness.ts';
import { hideReferences } from './hide-references.ts';
import { referenceTo } from './reading.ts';
import { sectionNames, type SectionName } from './record-view.ts';
import type { Fields } from './same.ts';
import {
  recordExtension,
  type RecordFacts,
  type RecordSection,
  type RecordSource,
  type SectionContent,
  type SectionEntry,
} from './section.ts';
import { coverageSection, sourcesSection, timelineSection } from './sections/administration.ts';
import { carePlanSection, clinicalSection, riskSection } from './sections/clinical.ts';
import {
  careTeamSection,
  consentSection,
  contactsSection,
  identitySection,
} from './sections/person.ts';
import { resultsSection } from './sections/results.ts';
import { appointmentsSection, communicationsSection, tasksSection } from './sections/work.ts';

/** One search that the record is made of: `type` where `param` refers to the person. */
export interface RecordNeed {
  readonly type: string;
  readonly param: string;
}

/** What to load for {@link buildCrmRecord}: at most `limits.recordSectionMax` of each, newest first. */
export function recordNeeds(sections: readonly SectionName[]): readonly RecordNeed[] {
  const types = new Set(sections.flatMap((name) => sectionOf(name).types));
  return [...types]
    .filter((type) => type !== 'Patient' && !sharedTypes.has(type))
    .map((type) => ({ type, param: paramOf[type] ?? 'patient' }));
}

/** Types that belong to no person: to be read by the references of what was found, where they are wanted. */
export const sharedTypes: ReadonlySet<string> = new Set([
  'Practitioner',
  'PractitionerRole',
  'Medication',
]);

const paramOf: Readonly<Record<string, string>> = {
  Communication: 'subject',
  CommunicationRequest: 'subject',
  RiskAssessment: 'subject',
  ChargeItem: 'subject',
  Account: 'subject',
  Coverage: 'beneficiary',
  Specimen: 'subject',
  ServiceRequest: 'subject',
  Observation: 'subject',
  DiagnosticReport: 'subject',
};

export interface CrmRecordInput {
  readonly patient: IdentifiedResource;
  /** Everything found for {@link recordNeeds}, in any order. */
  readonly resources: readonly IdentifiedResource[];
  readonly sources: readonly RecordSource[];
  readonly feeds: readonly Freshness[];
  /** What the view and the caller's role allow ({@link sectionsFor}); a section that is not named is absent. */
  readonly sections: readonly SectionName[];
  readonly now: Date;
  /** Of the FHIR server, without a slash at the end; part of each fullUrl. */
  readonly baseUrl: string;
}

/**
 * The unified record of one person as a document Bundle (http://hl7.org/fhir/R4/documents.html): the
 * Composition with its sections in fixed order, then every resource that a section names, once.
 * Of what the view does not show, not even an id remains in the references of what it shows.
 */
export function buildCrmRecord(input: CrmRecordInput): Resource {
  const { patient, now, baseUrl } = input;
  const shown = sectionNames.filter((name) => input.sections.includes(name)).map(sectionOf);
  const facts = factsOf(input, shown);
  const stale = input.sources.some(({ source }) => isDown(source, input));
  const contents = shown.map((section) => ({ section, content: section.build(facts) }));
  const included = includedResources([patient, ...contents.flatMap(({ content }) => all(content))]);
  const timestamp = now.toISOString();
  const composition = {
    resourceType: 'Composition',
    id: `record-${patient.id}`.slice(0, 64),
    status: 'final',
    type: { coding: [{ system: 'urn:weir:document', code: 'crm-record' }] },
    subject: { reference: referenceTo(patient) },
    date: timestamp,
    author: [{ display: 'Weir' }],
    title: 'Unified record',
    section: contents.map(({ section, content }) => ({
      title: section.title,
      code: { coding: [section.coding] },
      ...sectionBody(content, facts, stale),
    })),
  };
  return {
    resourceType: 'Bundle',
    type: 'document',
    identifier: { system: 'urn:weir:crm-record', value: `${patient.id}@${timestamp}` },
    timestamp,
    entry: [composition as IdentifiedResource, ...included].map((resource) => ({
      fullUrl: `${baseUrl}/${referenceTo(resource)}`,
      resource: hideReferences(resource, hiddenTypes(facts.allowed)),
    })),
  };
}

const sections: Readonly<Record<SectionName, RecordSection>> = {
  identity: identitySection,
  contacts: contactsSection,
  consent: consentSection,
  'care-team': careTeamSection,
  tasks: tasksSection,
  appointments: appointmentsSection,
  results: resultsSection,
  clinical: clinicalSection,
  'care-plan': carePlanSection,
  communications: communicationsSection,
  coverage: coverageSection,
  risk: riskSection,
  sources: sourcesSection,
  timeline: timelineSection,
};

function sectionOf(name: SectionName): RecordSection {
  return sections[name];
}

/** Every type that some section shows; what the view's own sections do not show is hidden. */
const governedTypes = sectionNames.flatMap((name) => sectionOf(name).types);

function hiddenTypes(allowed: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(governedTypes.filter((type) => !allowed.has(type) && !sharedTypes.has(type)));
}

function factsOf(input: CrmRecordInput, shown: readonly RecordSection[]): RecordFacts {
  const byType = Map.groupBy(input.resources, ({ resourceType }) => resourceType);
  return {
    patient: input.patient,
    of: (type) => byType.get(type) ?? [],
    sources: input.sources,
    feeds: input.feeds,
    now: input.now,
    allowed: new Set(['Patient', ...shown.flatMap(({ types }) => types)]),
  };
}

function isDown(source: string, { feeds, now }: CrmRecordInput): boolean {
  const feed = feeds.find((each) => each.source === source);
  return feed !== undefined && freshnessState(feed, now) === 'down';
}

function all(content: SectionContent): readonly IdentifiedResource[] {
  return [
    ...content.entries.map(({ resource }) => resource),
    ...(content.sections ?? []).flatMap(all),
  ];
}

function includedResources(found: readonly IdentifiedResource[]): readonly IdentifiedResource[] {
  return [...new Map(found.map((resource) => [referenceTo(resource), resource])).values()];
}

function sectionBody(content: SectionContent, facts: RecordFacts, stale: boolean): Fields {
  const full = all(content).length >= limits.recordSectionMax;
  const state = content.partial === true || full ? 'partial' : stale ? 'stale' : 'complete';
  return {
    ...partBody(content, [
      recordExtension('crm-asof', { valueInstant: asOf(content, facts) }),
      recordExtension('crm-state', { valueCode: state }),
    ]),
  };
}

/** A section without anything must say so in words (invariant cmp-1). */
function partBody(content: SectionContent, extension: readonly Fields[]): Fields {
  const parts = content.sections ?? [];
  const extensions = [...extension, ...(content.extension ?? [])];
  const empty = content.entries.length === 0 && parts.length === 0;
  return {
    ...(extensions.length > 0 ? { extension: extensions } : {}),
    ...(empty ? nothingKnown : {}),
    ...(content.entries.length > 0 ? { entry: content.entries.map(entryReference) } : {}),
    ...(parts.length > 0
      ? {
          section: parts.map((part) => ({
            title: part.title,
            ...(part.code === undefined ? {} : { code: part.code }),
            ...partBody(part, []),
          })),
        }
      : {}),
  };
}

const nothingKnown = {
  text: {
    status: 'generated',
    div: '<div xmlns="http://www.w3.org/1999/xhtml">Nothing is known.</div>',
  },
  emptyReason: {
    coding: [
      { system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code: 'nilknown' },
    ],
  },
};

function entryReference({ resource, extension }: SectionEntry): Fields {
  return {
    ...(extension === undefined ? {} : { extension }),
    reference: referenceTo(resource),
  };
}

/** When the newest thing in the section was written; for one without, now. */
function asOf(content: SectionContent, { now }: RecordFacts): string {
  const times = all(content).flatMap(({ meta }) => meta?.lastUpdated ?? []);
  return times.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0] ?? now.toISOString();
}
