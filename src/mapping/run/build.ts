import type { Identity } from '../result.ts';
import { fullUrlOf } from '../identity.ts';
import type { Json } from '../../fhir/resource.ts';
import { messageUri } from '../../fhir/message-source.ts';
import type {
  CompiledResource,
  CompiledSlot,
  Frame,
  Instance,
  MessageRun,
  MutableObject,
  Target,
} from './compiled.ts';
import { collectPersons, identifierCount, personIdentity } from './person.ts';
import { targetOf } from './frame.ts';
import type { Run } from './run.ts';

/** Finds what instances of every resource the message makes; nothing is built yet. */
export function enumerate(run: Run): readonly Instance[] {
  const root = run.root();
  const all: Instance[] = [];
  for (const rule of run.map.resources) {
    const every = rule.frames(root);
    // Most messages have none of what most rules are for.
    if (every.length === 0) continue;
    const frames = rule.when ? every.filter((frame) => isWanted(rule, frame)) : every;
    const instances = frames.map((frame, index) =>
      newInstance(
        rule,
        frame,
        frames.length === 1 ? rule.name : `${rule.name}#${String(index + 1)}`,
      ),
    );
    run.instances.set(rule.name, instances);
    all.push(...instances);
  }
  return all;
}

function newInstance(rule: CompiledResource, frame: Frame, name: string): Instance {
  return {
    rule,
    name,
    frame,
    state: 'new',
    body: { resourceType: rule.type },
    identity: noIdentity,
    fullUrl: '',
    clears: [],
    initial: [],
    persons: [],
  };
}

const noIdentity: Identity = { kind: 'none' };

/** What is read for it does not count yet: the resource may not come about, and then the loss report has it. */
function isWanted({ when }: CompiledResource, frame: Frame): boolean {
  if (!when) return true;
  let wanted = false;
  frame.run.reading(() => {
    wanted = when(frame);
    return false;
  });
  return wanted;
}

/** Builds one instance, and first those that it refers to. A circle of references ends at the one begun first. */
export function build(instance: Instance): void {
  if (instance.state !== 'new') return;
  instance.state = 'building';
  instance.frame.run.reading(() => make(instance));
}

/** Whether it was made. */
function make(instance: Instance): boolean {
  const { run } = instance.frame;
  const traced = run.trace.length;
  const target = targetOf(instance.body, instance.name, instance);
  // Again: what decided for it counts as read now.
  instance.rule.when?.(instance.frame);
  instance.body['meta'] = { source: messageUri(run.context.feed, run.message.controlId) };
  const complete = runSlots(instance.rule.slots, target, run);
  if (!complete || !(target.solid || instance.rule.keep)) {
    instance.state = 'dropped';
    run.trace.length = traced;
    return false;
  }
  instance.identity = identityOf(run, instance);
  // What only says who is meant may mean the same as what is written, and is not that.
  const address: Identity = instance.rule.write === 'never' ? { kind: 'none' } : instance.identity;
  const unique = address.kind === 'none' ? `${run.messageHash()} ${instance.name}` : '';
  instance.fullUrl = fullUrlOf(instance.rule.type, address, unique);
  instance.state = 'built';
  return true;
}

/** Whether nothing was missing that is required; what comes after that is not run. */
function runSlots(slots: readonly CompiledSlot[], target: Target, run: MessageRun): boolean {
  const { frame } = target.instance;
  for (const slot of slots) {
    if (slot.isIdle?.(frame) !== true && !runSlot(slot, target, run)) return false;
  }
  return true;
}

function runSlot(slot: CompiledSlot, target: Target, run: MessageRun): boolean {
  const { instance } = target;
  const { person } = instance.rule;
  target.sawNull = false;
  const before = person ? identifierCount(instance) : 0;
  const outcome = slot.run(instance.frame, target);
  if (outcome === 'absent' && target.sawNull && instance.rule.clearsOnNull) {
    instance.clears.push(...slot.clears);
  }
  if (person) collectPersons(slot.name, instance, before);
  if (outcome !== 'absent' || slot.required === undefined) return true;
  reportRequired(slot, slot.required, { instance, run });
  return false;
}

function reportRequired(
  slot: CompiledSlot,
  required: 'refuse' | 'warn' | 'skip',
  { instance, run }: { instance: Instance; run: MessageRun },
): void {
  if (required === 'skip') return;
  const severity = required === 'refuse' ? 'error' : 'warning';
  const diagnostics = `${instance.rule.type} was not made: its required ${slot.name} has no value`;
  const { segment } = instance.frame;
  const place = segment && run.position({ segment: segment.name, segmentIndex: segment.index });
  run.issue(severity, 'required-field', { diagnostics, location: slot.source ?? place });
}

function identityOf(run: MessageRun, instance: Instance): Identity {
  const { rule, frame } = instance;
  if (rule.person) return personIdentity(run, instance);
  if (!rule.key) return { kind: 'none' };
  const key = rule.key.read(frame);
  if (key !== undefined) return { kind: 'key', scope: rule.scope(frame), key };
  const diagnostics = `${rule.type} has no key, so that a later message cannot find it again`;
  run.issue('warning', 'required-field', { diagnostics, location: rule.key.source });
  return { kind: 'none' };
}

/** What an instance became part of in the end; itself, where it stands alone. */
export function survivorOf(instance: Instance): Instance {
  return instance.mergedInto ? survivorOf(instance.mergedInto) : instance;
}

/** Fills in the addresses; a reference to what was not made goes, and an array that it leaves empty. */
export function connect(run: MessageRun): void {
  for (const { holder, to, container, key } of run.links) {
    const target = survivorOf(to);
    if (target.state === 'built') fillIn(holder, target);
    else removeLink(holder, container, key);
  }
  dropRepeated(run.links);
}

/** Two instances that became one are referred to once. */
function dropRepeated(links: MessageRun['links']): void {
  const holders = new Set<unknown>();
  const done = new Map<MutableObject, Set<string>>();
  for (const { container, key } of links) {
    if (!isLong(container[key])) continue;
    const keys = done.get(container) ?? new Set();
    if (keys.has(key)) continue;
    done.set(container, keys.add(key));
    if (holders.size === 0) for (const { holder } of links) holders.add(holder);
    dropRepeatedOf(container, key, holders);
  }
}

function isLong(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 1;
}

function dropRepeatedOf(
  container: MutableObject,
  key: string,
  holders: ReadonlySet<unknown>,
): void {
  const list = container[key] as (Json | MutableObject)[];
  const seen = new Set<string>();
  container[key] = list.filter((one) => {
    const text = JSON.stringify(one);
    const repeated = holders.has(one) && seen.has(text);
    seen.add(text);
    return !repeated;
  });
}

function fillIn(holder: MutableObject, target: Instance): void {
  holder['reference'] = target.fullUrl;
  const { identity } = target;
  if (identity.kind === 'person' && holder['identifier'] === undefined) {
    const [first] = identity.identifiers;
    if (first) holder['identifier'] = { system: first.system, value: first.value };
  }
}

function removeLink(holder: MutableObject, container: MutableObject, key: string): void {
  delete holder['reference'];
  if (Object.keys(holder).length > 0) return;
  const value = container[key];
  const rest = Array.isArray(value) ? value.filter((one) => one !== holder) : [];
  if (rest.length > 0) container[key] = rest;
  else delete container[key];
}
