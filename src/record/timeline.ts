import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { compareText, conceptText, referencesAt, referenceTo, textAt, timeAt } from './reading.ts';

/** One thing that happened. */
export interface TimelineItem {
  /** An instant. */
  readonly at: string;
  /** What it was, such as `visit`, `appointment`, `result`. */
  readonly kind: string;
  readonly title: string;
  /** The feed that said so last, from meta.source; `manual` where none did. */
  readonly source: string;
  /** `Type/id`. */
  readonly ref: string;
  readonly status: string;
}

export interface Timeline {
  readonly items: readonly TimelineItem[];
  /** Give it as `before` for the older ones; absent at the end. */
  readonly next?: string;
}

/**
 * A person's events, newest first. The cursor names the last item of a page, not its number: what comes
 * in meanwhile shifts nothing.
 * @param options.count items of a page
 * @param options.before cursor of the page before; one that cannot be read starts at the newest
 * @param options.until leaves out what is planned for later than this
 */
export function buildTimeline(
  resources: readonly IdentifiedResource[],
  options: { readonly count: number; readonly before?: string; readonly until?: Date },
): Timeline {
  const reported = new Set(resources.flatMap((resource) => referencesAt(resource, 'result')));
  const before = options.before === undefined ? undefined : decodeCursor(options.before);
  const until = options.until?.toISOString();
  const items = resources
    .filter((resource) => !reported.has(referenceTo(resource)))
    .flatMap((resource) => timelineItem(resource) ?? [])
    .filter((item) => until === undefined || item.at <= until)
    .filter((item) => before === undefined || newerFirst(before, item) < 0)
    .toSorted(newerFirst);
  const page = items.slice(0, options.count);
  const last = page.at(-1);
  return last === undefined || items.length === page.length
    ? { items: page }
    : { items: page, next: encodeCursor(last) };
}

/** The item of one resource; undefined for types that are no events, and for mistakes. */
export function timelineItem(resource: IdentifiedResource): TimelineItem | undefined {
  const kind = kinds[resource.resourceType];
  const status = textAt(resource, 'status') || textAt(resource, 'clinicalStatus.coding.code');
  if (kind === undefined || status === 'entered-in-error') return undefined;
  const time = timeAt(resource, [...kind.times, 'meta.lastUpdated']);
  if (time === undefined) return undefined;
  return {
    at: new Date(time).toISOString(),
    kind: kind.name,
    title: kind.title(resource) || kind.name,
    source: sourceOf(resource),
    ref: referenceTo(resource),
    status,
  };
}

/** The feed in `meta.source` (`urn:weir:feed:<feed>#<MSH-10>`); `manual` where none wrote. */
export function sourceOf(resource: Resource): string {
  const name = /^urn:weir:feed:([^#]+)/.exec(resource.meta?.source ?? '')?.[1];
  return name ?? 'manual';
}

interface Kind {
  readonly name: string;
  readonly times: readonly string[];
  readonly title: (resource: Resource) => string;
}

const coded = (element: string) => (resource: Resource) => conceptText(resource[element]);
const medication = (resource: Resource): string =>
  conceptText(resource['medicationCodeableConcept']) ||
  textAt(resource, 'medicationReference.display');

const kinds: Readonly<Record<string, Kind>> = {
  Encounter: {
    name: 'visit',
    times: ['period.start'],
    title: (resource) =>
      conceptText((resource['type'] as unknown[] | undefined)?.[0]) ||
      textAt(resource, 'serviceType.text') ||
      textAt(resource, 'class.display') ||
      textAt(resource, 'class.code'),
  },
  Appointment: {
    name: 'appointment',
    times: ['start', 'created'],
    title: (resource) =>
      textAt(resource, 'description') ||
      conceptText(resource['appointmentType']) ||
      conceptText((resource['serviceType'] as unknown[] | undefined)?.[0]),
  },
  DiagnosticReport: {
    name: 'report',
    times: ['effectiveDateTime', 'effectivePeriod.start', 'issued'],
    title: coded('code'),
  },
  Observation: {
    name: 'result',
    times: ['effectiveDateTime', 'effectivePeriod.start', 'issued'],
    title: coded('code'),
  },
  ServiceRequest: { name: 'order', times: ['authoredOn'], title: coded('code') },
  MedicationRequest: { name: 'prescription', times: ['authoredOn'], title: medication },
  MedicationDispense: {
    name: 'dispense',
    times: ['whenHandedOver', 'whenPrepared'],
    title: medication,
  },
  MedicationAdministration: {
    name: 'administration',
    times: ['effectiveDateTime', 'effectivePeriod.start'],
    title: medication,
  },
  Immunization: {
    name: 'immunization',
    times: ['occurrenceDateTime'],
    title: coded('vaccineCode'),
  },
  Procedure: {
    name: 'procedure',
    times: ['performedDateTime', 'performedPeriod.start'],
    title: coded('code'),
  },
  Condition: {
    name: 'problem',
    times: ['recordedDate', 'onsetDateTime'],
    title: coded('code'),
  },
  DocumentReference: {
    name: 'document',
    times: ['date'],
    title: (resource) => textAt(resource, 'description') || conceptText(resource['type']),
  },
  Communication: {
    name: 'message',
    times: ['sent', 'received'],
    title: (resource) =>
      conceptText(resource['topic']) ||
      conceptText((resource['category'] as unknown[] | undefined)?.[0]),
  },
  Task: {
    name: 'task',
    times: ['authoredOn'],
    title: (resource) => textAt(resource, 'description') || conceptText(resource['code']),
  },
};

/** The types that make a timeline. */
export const timelineTypes: readonly string[] = Object.keys(kinds);

function newerFirst(a: Place, b: Place): number {
  return compareText(b.at, a.at) || compareText(a.ref, b.ref);
}

type Place = Pick<TimelineItem, 'at' | 'ref'>;

function encodeCursor({ at, ref }: Place): string {
  return Buffer.from(`${at} ${ref}`).toString('base64url');
}

function decodeCursor(cursor: string): Place | undefined {
  const [at, ref] = Buffer.from(cursor, 'base64url').toString().split(' ');
  return at === undefined || ref === undefined ? undefined : { at, ref };
}
