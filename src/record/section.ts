import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import type { Freshness } from './freshness.ts';
import type { Fields } from './same.ts';

/** What the sections are made of: everything known about one person, loaded once. */
export interface RecordFacts {
  readonly patient: IdentifiedResource;
  /** Current resources by type, in any order. */
  readonly of: (type: string) => readonly IdentifiedResource[];
  /** What each source said last about the person. */
  readonly sources: readonly RecordSource[];
  readonly feeds: readonly Freshness[];
  readonly now: Date;
  /** The types this view may show; a section need not show a resource that speaks of others. */
  readonly allowed: ReadonlySet<string>;
}

/** One source's last word on the person; a stored source view fits. */
export interface RecordSource {
  readonly source: string;
  readonly eventTime: Date;
  readonly receivedAt: Date;
  readonly view: Resource;
}

/** What one section (or sub-section) holds. Entries are in the order in which they are to be read. */
export interface SectionContent {
  readonly entries: readonly SectionEntry[];
  readonly sections?: readonly SubSection[];
  readonly extension?: readonly Fields[];
  /** Something was left out because of a bound. */
  readonly partial?: boolean;
}

export interface SectionEntry {
  readonly resource: IdentifiedResource;
  /** On the reference, such as a medication's last fill. */
  readonly extension?: readonly Fields[];
}

export interface SubSection extends SectionContent {
  readonly title: string;
  readonly code?: Fields;
}

/** One of the fourteen sections. */
export interface RecordSection {
  /** The word by which calls and views name it. */
  readonly name: string;
  readonly title: string;
  readonly coding: { readonly system: string; readonly code: string };
  /** Types whose resources it shows. A view without the section shows none of them by any other way. */
  readonly types: readonly string[];
  readonly build: (facts: RecordFacts) => SectionContent;
}

export const loinc = 'http://loinc.org';
/** Codes of sections that LOINC has none for. */
export const sectionSystem = 'urn:weir:record-section';
/** Base of our extensions of the record. */
const extensionBase = 'https://weir.dev/fhir/StructureDefinition/';

export const dayMs = 86_400_000;

/** Entries of these resources, cut at `max`. */
export function entriesOf(
  resources: readonly IdentifiedResource[],
  max: number = limits.recordSectionMax,
): { readonly entries: readonly SectionEntry[]; readonly partial: boolean } {
  return {
    entries: resources.slice(0, max).map((resource) => ({ resource })),
    partial: resources.length > max,
  };
}

/** An extension of ours; `value` is the whole `value[x]` pair. */
export function recordExtension(name: string, value: Fields): Fields {
  return { url: extensionBase + name, ...value };
}
