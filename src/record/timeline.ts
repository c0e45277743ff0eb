import { feedOf } from '../fhir/message-source.ts';
import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { compareText, conceptText, referencesAt, referenceTo, textAt } from './reading.ts';
import { textOf } from './same.ts';

/** One thing that happened. */
export interface TimelineItem {
  /** As its source wrote it, in the source's zone; only a date where it said no time. */
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
  const until = options.until?.getTime() ?? Infinity;
  const placed = resources
    .filter((resource) => !reported.has(referenceTo(resource)))
    .flatMap((resource) => timelineItem(resource) ?? [])
    .map((item): Placed => ({ item, time: Date.parse(item.at), ref: item.ref }))
    .filter(({ time }) => time <= until)
    .filter((place) => before === undefined || newerFirst(before, place) < 0)
    .toSorted(newerFirst);
  const page = placed.slice(0, options.count);
  const items = page.map(({ item }) => item);
  const last = page.at(-1);
  return last === undefined || placed.length === page.length
    ? { items }
    : { items, next: encodeCursor(last) };
}

/** The item of one resource; undefined for types that are no events, and for mistakes. */
function timelineItem(resource: IdentifiedResource): TimelineItem | undefined {
  const kind = kinds.get(resource.resourceType);
  const status = textAt(resource, 'status') || textAt(resource, 'clinicalStatus.coding.code');
  if (kind === undefined || status === 'entered-in-error') return undefined;
  const at = [...kind.times, 'meta.lastUpdated']
    .map((path) => textAt(resource, path))
    .find((text) => !Number.isNaN(Date.parse(text)));
  if (at === undefined) return undefined;
  return {
    at,
    kind: kind.name,
    title: kind.title(resource) || kind.name,
    source: feedOf(resource) ?? 'manual',
    ref: referenceTo(resource),
    status,
  };
}

interface Kind {
  readonly name: string;
  readonly times: readonly string[];
  readonly title: (resource: Resource) => string;
}

const coded = (element: string) => (resource: Resource) => conceptText(resource[element]);
/** Without bare codes: `R` says nothing where a class says `ambulatory`. */
const conceptName = (concept: unknown): string =>
  textOf(concept, 'text') || textAt(concept, 'coding.display');
const medication = (resource: Resource): string =>
  conceptText(resource['medicationCodeableConcept']) ||
  textAt(resource, 'medicationReference.display');

const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    Encounter: {
      name: 'visit',
      times: ['period.start'],
      title: (resource) =>
        conceptName(firstOf(resource['type'])) ||
        conceptName(resource['serviceType']) ||
        textAt(resource, 'class.display') ||
        textAt(resource, 'class.code'),
    },
    Appointment: {
      name: 'appointment',
      times: ['start', 'created'],
      title: (resource) =>
        textAt(resource, 'description') ||
        conceptText(resource['appointmentType']) ||
        conceptText(firstOf(resource['serviceType'])),
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
        textAt(resource, 'payload.contentString') ||
        conceptText(resource['topic']) ||
        conceptText(firstOf(resource['category'])),
    },
    Task: {
      name: 'task',
      times: ['authoredOn'],
      title: (resource) => textAt(resource, 'description') || conceptText(resource['code']),
    },
  }),
);

/** The types that make a timeline. */
export const timelineTypes: readonly string[] = [...kinds.keys()];

/** Where an item stands: two sources may write one instant in two zones, so `at` does not order. */
interface Place {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly ref: string;
}
interface Placed extends Place {
  readonly item: TimelineItem;
}

function newerFirst(a: Place, b: Place): number {
  return b.time - a.time || compareText(a.ref, b.ref);
}

function encodeCursor({ time, ref }: Place): string {
  return Buffer.from(`${String(time)} ${ref}`).toString('base64url');
}

function decodeCursor(cursor: string): Place | undefined {
  const found = /^(-?\d{1,16}) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  return found?.[2] === undefined ? undefined : { time: Number(found[1]), ref: found[2] };
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? (list as unknown[])[0] : undefined;
}
