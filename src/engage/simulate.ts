import { extractIndex } from '../fhir/search-extract.ts';
import type { Resource } from '../fhir/resource.ts';
import { evaluate, fociOf, type Surroundings } from './evaluate.ts';
import type { Intent } from './intent.ts';
import { referenceTo, splitReference, type Reference } from './reference.ts';
import type { Example, ExampleResource, Rule } from './rule.ts';
import type { RuleBook } from './rules.ts';
import { inZone } from './schedule.ts';
import type { World } from './world.ts';

/** A change to try rules on, with what else is on record; nothing is written anywhere. */
export interface SimulatedEvent {
  /** When it happens, ISO 8601 with an offset. */
  readonly now: string;
  /** The zone of the site. */
  readonly zone: string;
  readonly resources: readonly ExampleResource[];
  readonly previous?: ExampleResource | undefined;
  readonly event: ExampleResource;
}

/** One thing a rule would do, in words that an example or an analyst can compare. */
export type SimulatedIntent = Readonly<Record<string, unknown>> & {
  readonly rule: string;
  readonly step: string;
};

/** What the rules would do about these events, in order; rules that are off are left out. */
export async function simulate(
  book: RuleBook,
  events: readonly SimulatedEvent[],
): Promise<readonly SimulatedIntent[]> {
  const found: SimulatedIntent[] = [];
  for (const event of events) {
    for (const rule of book.triggeredBy(event.event.resourceType)) {
      found.push(...(await simulateRule(book, rule, event)));
    }
  }
  return found;
}

/** Runs one of a rule's own examples; undefined if it holds, else a sentence that says where it does not. */
export async function runExample(
  book: RuleBook,
  rule: Rule,
  example: Example,
): Promise<string | undefined> {
  const got = await simulateRule(book, rule, { ...example, zone: example.zone ?? 'UTC' });
  const place = `rule ${rule.id}, example "${example.name}"`;
  if (got.length !== example.expect.length) {
    const steps = got.map((intent) => intent.step).join(', ');
    return `${place}: expected ${example.expect.length} intents, got ${got.length} (${steps})`;
  }
  for (const [index, expected] of example.expect.entries()) {
    for (const [key, value] of Object.entries(expected)) {
      const actual = got[index]?.[key];
      if (JSON.stringify(actual) === JSON.stringify(value)) continue;
      const is = JSON.stringify(actual) ?? 'absent';
      return `${place}: intent ${index + 1}, ${key} is ${is}, expected ${JSON.stringify(value)}`;
    }
  }
  return undefined;
}

async function simulateRule(
  book: RuleBook,
  rule: Rule,
  event: SimulatedEvent,
): Promise<readonly SimulatedIntent[]> {
  const surroundings: Surroundings = {
    world: simulatedWorld(event),
    zones: { ofFeed: () => undefined, ofSite: event.zone },
    departments: book.settings.departments,
  };
  const occurrence = {
    change: event.previous ? 'update' : 'create',
    at: new Date(event.now),
    version: `${referenceTo(event.event)}/_history/${event.previous ? 2 : 1}`,
    resource: event.event,
    previous: event.previous,
  } as const;
  const found: SimulatedIntent[] = [];
  for (const focus of await fociOf(rule, occurrence, surroundings.world)) {
    const firing = await evaluate(rule, occurrence, focus, surroundings);
    found.push(...(firing?.intents ?? []).map((intent) => inWords(rule.id, intent)));
  }
  return found;
}

function simulatedWorld({ resources, previous, event }: SimulatedEvent): World {
  const now = new Map<string, Resource>(
    [...resources, event].map((resource) => [referenceTo(resource), resource]),
  );
  const refersTo = (resource: Resource, param: string, reference: string): boolean => {
    const target = splitReference(reference);
    return extractIndex({ ...resource, id: resource.id ?? '' }).some(
      (entry) =>
        entry.kind === 'reference' &&
        entry.param === param &&
        entry.type === target?.type &&
        entry.id === target.id,
    );
  };
  return {
    read: async (reference) => now.get(reference),
    // Shows also what a Task that there was already would be told.
    isThere: async () => true,
    before: async (reference) => (reference === referenceTo(event) ? previous : now.get(reference)),
    referring: async (type, param, reference) =>
      [...now.values()].filter(
        (resource) => resource.resourceType === type && refersTo(resource, param, reference),
      ),
  };
}

function inWords(rule: string, intent: Intent): SimulatedIntent {
  switch (intent.kind) {
    case 'task':
      return {
        rule,
        step: intent.step.name,
        do: 'task',
        code: intent.step.code,
        owner: named(intent.owner),
        priority: intent.priority,
        description: intent.description,
        creates: intent.mayCreate,
        note: intent.note,
        inputs: Object.fromEntries(intent.inputs.map(({ label, value }) => [label, value])),
      };
    case 'message':
      return {
        rule,
        step: intent.step.name,
        do: intent.step.do,
        to: named(intent.to),
        priority: intent.priority,
        at: inZone(intent.dueAt, intent.zone),
        text: intent.text,
      };
    case 'revoke':
      return { rule, step: intent.by, do: 'revoke', of: intent.rule, reason: intent.reason };
  }
}

/** As a rule file names them: `Practitioner/dr`, `dept:nursing`. */
function named(reference: Reference | undefined): string | undefined {
  return (
    reference?.reference ??
    (reference?.identifier ? `dept:${reference.identifier.value ?? ''}` : undefined)
  );
}
