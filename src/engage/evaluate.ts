import type { Resource } from '../fhir/resource.ts';
import { digest } from './derived-id.ts';
import type { Scope } from './fhir-path.ts';
import type { Firing, Intent, MessageIntent, Occurrence, TaskIntent } from './intent.ts';
import { resolveRecipients } from './recipient.ts';
import { asReferences, patientOf, referenceTo, type Reference } from './reference.ts';
import type {
  MessageStep,
  Priority,
  PriorityCode,
  RelatedSource,
  Rule,
  Step,
  TaskStep,
  Window,
} from './rule.ts';
import { instantOf, shift } from './schedule.ts';
import { taskId } from './task.ts';
import type { World } from './world.ts';
import { zoneFor, type Zones } from './zone.ts';

/** What evaluation needs beside the rule and the event. */
export interface Surroundings {
  readonly world: World;
  readonly zones: Zones;
  readonly departments: Readonly<Record<string, string>>;
}

/** The resources a rule is about when this one changes: itself, or those that `about` leads to. */
export async function fociOf(
  rule: Rule,
  occurrence: Occurrence,
  world: World,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const trigger of rule.on) {
    if (trigger.resource !== occurrence.resource.resourceType) continue;
    if (!trigger.change.includes(occurrence.change)) continue;
    if (!trigger.about) {
      found.add(referenceTo(occurrence.resource));
      continue;
    }
    const scope = { focus: occurrence.resource, variables: {} };
    for (const focus of await relatedNow(trigger.about, scope, world))
      found.add(referenceTo(focus));
  }
  return [...found];
}

/** One rule, one event, one focus: what is to be done, or undefined if the rule does not fire. */
export async function evaluate(
  rule: Rule,
  occurrence: Occurrence,
  focus: string,
  surroundings: Surroundings,
): Promise<Firing | undefined> {
  const sight = await look(rule, occurrence, focus, surroundings);
  if (!sight || !fires(rule, sight)) return undefined;
  const intents: Intent[] = [];
  for (const step of rule.steps) {
    if (step.when && !step.when.holds(sight.scope)) continue;
    intents.push(...(await intentsOf(step, rule, sight)));
  }
  return { rule, occurrence, focus, patient: sight.patient, intents };
}

/** Everything the expressions and texts of one firing can see. */
interface Sight {
  readonly occurrence: Occurrence;
  readonly focus: Resource;
  readonly previous: Resource | undefined;
  readonly patient: Reference | undefined;
  readonly scope: Scope;
  /** The zone for times without an offset, and for showing times. */
  readonly zone: string;
  readonly surroundings: Surroundings;
}

async function look(
  rule: Rule,
  occurrence: Occurrence,
  reference: string,
  surroundings: Surroundings,
): Promise<Sight | undefined> {
  const { world } = surroundings;
  const own = reference === referenceTo(occurrence.resource);
  const focus = own ? occurrence.resource : await world.read(reference);
  if (!focus) return undefined;
  const previous = own ? occurrence.previous : await world.before(reference);
  const { change, version, at } = occurrence;
  const event = { change, version, at: at.toISOString() };
  const related: Record<string, readonly Resource[]> = {};
  const before: Record<string, readonly Resource[]> = {};
  const variables: Record<string, unknown> = { previous, related, before, event };
  const scope: Scope = { focus, variables };
  for (const { name, source, where } of rule.related) {
    const keep = (resource: Resource | undefined): resource is Resource =>
      resource !== undefined && (!where || where.holds({ focus: resource, variables }));
    const now = await relatedNow(source, scope, world);
    related[name] = now.filter(keep);
    const earlier = await Promise.all(now.map((resource) => world.before(referenceTo(resource))));
    before[name] = earlier.filter(keep);
  }
  for (const [name, path] of rule.named) {
    defineLater(variables, name, () => path.values(scope)[0]);
  }
  const zone = await zoneFor(focus, 'location', surroundings);
  return { occurrence, focus, previous, patient: patientOf(focus), scope, zone, surroundings };
}

/** Many a rule does not fire whatever its named values are: one is worked out when it is first asked for. */
function defineLater(variables: Record<string, unknown>, name: string, work: () => unknown): void {
  const keep = (value: unknown): void => {
    Object.defineProperty(variables, name, { value, enumerable: true, configurable: true });
  };
  Object.defineProperty(variables, name, {
    enumerable: true,
    configurable: true,
    get: () => {
      // What names itself is nothing meanwhile.
      keep(undefined);
      const value = work();
      keep(value);
      return value;
    },
  });
}

function fires(rule: Rule, sight: Sight): boolean {
  const { scope, previous, zone } = sight;
  if (rule.changed.length > 0 && previous) {
    const earlier: Scope = { ...scope, focus: previous };
    const same = rule.changed.every(
      (path) => comparable(path.values(scope), zone) === comparable(path.values(earlier), zone),
    );
    if (same) return false;
  }
  return !rule.when || rule.when.holds(scope);
}

/** Two spellings of one instant are equal (`09:00-05:00`, `14:00Z`). */
function comparable(values: readonly unknown[], zone: string): string {
  return JSON.stringify(
    values.map((value) => {
      const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
      return (isTime ? instantOf(value, zone)?.getTime() : undefined) ?? value;
    }),
  );
}

/** Followed references as they stood at the event; search results as they are. */
async function relatedNow(
  source: RelatedSource,
  scope: Scope,
  world: World,
): Promise<readonly Resource[]> {
  if ('follow' in source) {
    const references = asReferences(source.follow.values(scope)).flatMap(
      (each) => each.reference ?? [],
    );
    const read = await Promise.all(references.map((reference) => world.read(reference)));
    return read.filter((resource) => resource !== undefined);
  }
  const targets = source.of
    ? asReferences(source.of.values(scope)).flatMap((each) => each.reference ?? [])
    : [referenceTo(scope.focus as Resource)];
  const { type, param } = source;
  const found = await Promise.all(targets.map((target) => world.referring(type, param, target)));
  return found.flat();
}

async function intentsOf(step: Step, rule: Rule, sight: Sight): Promise<readonly Intent[]> {
  switch (step.do) {
    case 'task': {
      const mayCreate = !step.createWhen || step.createWhen.holds(sight.scope);
      const task = `Task/${taskId(rule.id, step.name, referenceTo(sight.focus))}`;
      // Most results are normal, and nothing is to be written about them.
      if (!mayCreate && !(await sight.surroundings.world.isThere(task))) return [];
      return [await taskIntent(step, mayCreate, sight)];
    }
    case 'communication':
    case 'plan':
      return messageIntents(step, sight);
    case 'revoke':
      return [
        { kind: 'revoke', by: step.name, rule: step.rule, steps: step.steps, reason: step.reason },
      ];
  }
}

async function taskIntent(step: TaskStep, mayCreate: boolean, sight: Sight): Promise<TaskIntent> {
  const { scope } = sight;
  const texts = textVariables(sight, sight.zone);
  const [owner] = await resolveRecipients(step.owner, ask(sight));
  return {
    kind: 'task',
    step,
    owner: owner?.reference,
    priority: priorityOf(step.priority, scope),
    description: orElse(() => step.description.render(texts), step.code),
    mayCreate,
    state: step.state && digest(step.state.render(texts)),
    note: step.note && orElse(() => step.note?.render(texts), 'What this answers has changed'),
    inputs: step.inputs.map(([label, path]) => ({ label, value: path.values(scope)[0] })),
  };
}

async function messageIntents(step: MessageStep, sight: Sight): Promise<readonly MessageIntent[]> {
  if (step.within && !isWithin(step.within, sight)) return [];
  const time = await timesOf(step, sight);
  if (!time) return [];
  const recipients = await resolveRecipients(step.to, ask(sight));
  const texts = textVariables(sight, time.zone);
  const message = {
    kind: 'message',
    step,
    priority: priorityOf(step.priority, sight.scope),
    text: orElse(() => step.template.render(texts), undefined),
    key: step.key ? step.key.render(texts) : (time.anchor ?? ''),
    ...time,
  } as const;
  if (recipients.length === 0) return [{ ...message, to: undefined, slot: '' }];
  return recipients.map(({ reference, slot }) => ({ ...message, to: reference, slot }));
}

type Times = Pick<MessageIntent, 'dueAt' | 'expiresAt' | 'zone' | 'anchor'>;

/** When the message is due; undefined if it has no time (no anchor, or it lay in the past). */
async function timesOf(step: MessageStep, sight: Sight): Promise<Times | undefined> {
  const { at } = step;
  const now = sight.occurrence.at;
  if (!at) return { dueAt: now, expiresAt: undefined, zone: sight.zone, anchor: undefined };
  const zone = await zoneFor(sight.focus, at.zone, sight.surroundings);
  const anchor = at.anchor.values(sight.scope)[0];
  const from = instantOf(anchor, zone);
  if (!from) return undefined;
  const wish = shift(from, at.offset, zone, at.wallClock);
  if (wish < now && at.late === 'skip') return undefined;
  return {
    dueAt: wish < now ? now : wish,
    expiresAt: at.giveUp && shift(from, at.giveUp, zone),
    zone,
    anchor: String(anchor),
  };
}

function isWithin(window: Window, sight: Sight): boolean {
  const anchor = instantOf(window.anchor.values(sight.scope)[0], sight.zone);
  if (!anchor) return false;
  const { at } = sight.occurrence;
  if (window.from && anchor < shift(at, window.from, sight.zone)) return false;
  return !window.to || anchor <= shift(at, window.to, sight.zone);
}

/**
 * A text that fails must not keep a Task from being made; a message is planned without one, and the guard
 * chain then says why it is not sent.
 */
function orElse<T>(render: () => T, instead: T): T {
  try {
    return render();
  } catch {
    return instead;
  }
}

function priorityOf(priority: Priority, scope: Scope): PriorityCode {
  return priority.find(([, path]) => !path || path.holds(scope))?.[0] ?? 'routine';
}

function textVariables(sight: Sight, zone: string): object {
  return { focus: sight.focus, ...sight.scope.variables, zone };
}

function ask(sight: Sight): Parameters<typeof resolveRecipients>[1] {
  const { world, departments } = sight.surroundings;
  return { focus: sight.focus, world, departments };
}
