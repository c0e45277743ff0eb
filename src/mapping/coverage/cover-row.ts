import { readCondition, type GuideReference } from './guide-condition.ts';
import { guideTargets, literal, type GuideTarget } from './guide-path.ts';
import type { GuideRow } from './guide-row.ts';
import { pointOf, sampleAt, withFacts, type Fact, type FactScope, waysOf } from './facts.ts';
import { addedLeaves, type Leaf } from './leaves.ts';
import { textOf, withPlace, type ProbeMessage } from './probe-message.ts';
import { valueAt, withValue } from './probe-segment.ts';
import type { Probed, Prober, ProbeSettings } from './prober.ts';
import type { CompiledMap } from '../run/compiled.ts';

/** Where a sheet's rows are tried: a message in which the segment stands. */
export interface ProbeContext {
  readonly event: string;
  readonly map: CompiledMap;
  readonly message: ProbeMessage;
  readonly place: string;
  /** Of the row of the message sheet that names the segment's map. */
  readonly facts: readonly Fact[];
}

/** How a row was found to be covered. */
export interface Cover {
  readonly context: ProbeContext;
  readonly settings: ProbeSettings;
  /** The message with the value in it. */
  readonly message: ProbeMessage;
  /** Where the value stands in the segment of the context; empty: the segment itself. */
  readonly path: readonly number[];
  /** The element that holds it. */
  readonly target: GuideTarget;
  /** Whether the value is the element itself, not a part of it. */
  readonly isWhole: boolean;
  /** `patient.birthDate`. */
  readonly slot: string;
  /** `mappings/segments/pid-patient.map.yaml:57`. */
  readonly rule: string;
}

/** One row put to the test. */
export interface Trial {
  readonly context: ProbeContext;
  readonly settings: ProbeSettings;
  readonly path: readonly number[];
  /** What the conditions call by the name of a data type; absent: the value itself. */
  readonly subject?: readonly number[];
  /** What to put there; absent: an example of its type. */
  readonly value?: string;
  /** What stands there in the message without it: another code, where the absence of one means the same. */
  readonly instead?: string;
  readonly facts: readonly Fact[];
  readonly targets: readonly GuideTarget[];
  /** The value that the element must have. */
  readonly expected?: string;
  /** And a value that must come with it, such as the system of a code. */
  readonly with?: string;
  /** The message to start from; absent: that of the context. */
  readonly message?: ProbeMessage;
}

/**
 * Tries a row: a message without the value and one with it, all conditions fulfilled in both. What the second has
 * more came from the value; the row is covered if its element is among that.
 */
export function tryRow(prober: Prober, trial: Trial): Cover | undefined {
  const { context, settings, path } = trial;
  const { before, after } = messagesOf(trial);
  const made = prober.run(context.map, textOf(after), settings);
  const base = before && prober.run(context.map, textOf(before), settings);
  const added = addedLeaves(base?.leaves ?? [], made.leaves);
  const constants = made.leaves.filter(({ within }) => within === '');
  const looked = isOtherwise(trial) ? made.leaves : trial.expected === undefined ? added : [...added, ...constants];
  for (const target of trial.targets) {
    const leaf = looked.find((one) => holds(one, target, trial.expected));
    if (!leaf || (trial.with !== undefined && !added.some(({ value }) => value === trial.with))) continue;
    const isWhole = leaf.path === nameOf(target);
    return { context, settings, message: after, path, target, isWhole, ...ruleOf(leaf, made) };
  }
  return undefined;
}

/** The constant of "in any other case" is there without the value too. */
function isOtherwise({ expected, facts, path }: Trial): boolean {
  return expected !== undefined && path.length > 0 && facts.some(({ test }) => test.kind === 'not in');
}

function messagesOf(trial: Trial): { readonly before: ProbeMessage | undefined; readonly after: ProbeMessage } {
  const { context, path, value } = trial;
  const { place } = context;
  const scope = { place, subject: trial.subject ?? path };
  const all = [...context.facts, ...trial.facts];
  const start = trial.message ?? withPlace(context.message, place);
  if (path.length === 0) {
    const after = withFacts(start, all, scope);
    const isHeader = place.endsWith('MSH');
    return { after, before: isHeader ? undefined : changed(after, place, { present: false }) };
  }
  const own = (fact: Fact): boolean => isAt(fact.of, start, { ...scope, path });
  const others = withFacts(start, all.filter((fact) => !own(fact)), scope);
  const typed = ofItsType(others, place);
  const given = value ?? exampleIn(typed, place, path);
  const valued = changed(typed, place, { path, value: given });
  const whole =
    value === undefined ? structured(withFacts(valued, all.filter(own), scope), place) : valued;
  const after = repeated(whole, all, scope);
  const isEmpty = valueIn(after, place, path) === '';
  const before = changed(after, place, { path, value: isEmpty ? given : (trial.instead ?? '') });
  return { before: repeated(before, all, scope), after };
}

/** A field that has to have several repetitions has them again: writing a part of it leaves one. */
function repeated(message: ProbeMessage, facts: readonly Fact[], scope: FactScope): ProbeMessage {
  const counts = facts.filter(({ of, test }) => {
    if (test.kind !== 'count') return false;
    const point = pointOf(of, message, scope);
    return valueIn(message, point.place, point.path) !== '';
  });
  return withFacts(message, counts, scope);
}

/** A message in which a value holds nothing: what comes into it stands alone. */
export function emptied(message: ProbeMessage, place: string, path: readonly number[]): ProbeMessage {
  return changed(message, place, { path, value: '' });
}

/** Whether a condition is about the very value, or a part of it. */
function isAt(
  of: GuideReference,
  message: ProbeMessage,
  at: FactScope & { readonly path: readonly number[] },
): boolean {
  const point = pointOf(of, message, at);
  return point.place === at.place && at.path.every((number, index) => point.path[index] === number);
}

/** What stands there, unless OBX-2 says that it is of another type; else an example. */
function exampleIn(message: ProbeMessage, place: string, path: readonly number[]): string {
  const segment = message.find((one) => one.place === place)?.segment;
  const isOther = segment?.[0] === 'OBX' && path.join() === '5' && !isTyped(segment);
  return (isOther ? '' : valueIn(message, place, path)) || sampleIn(message, place, path);
}

/** A structured number in the message is of the form that the conditions ask for. */
function isTyped(segment: readonly string[]): boolean {
  return segment[2] === 'NM' || (segment[2] === 'SN' && segment[5]?.startsWith('^') === true);
}

function valueIn(message: ProbeMessage, place: string, path: readonly number[]): string {
  const found = message.find((one) => one.place === place);
  return found ? valueAt(found.segment, path) : '';
}

function sampleIn(message: ProbeMessage, place: string, path: readonly number[]): string {
  const found = message.find((one) => one.place === place);
  return found ? sampleAt(found.segment, path) : '';
}

function changed(
  message: ProbeMessage,
  place: string,
  to: { readonly present: boolean } | { readonly path: readonly number[]; readonly value: string },
): ProbeMessage {
  return message.map((one) => {
    if (one.place !== place) return one;
    if ('present' in to) return { ...one, present: to.present };
    return { ...one, segment: withValue(one.segment, to.path, to.value) };
  });
}

/** Whatever OBX-2 is made to say, OBX-5 is of that type. */
function ofItsType(message: ProbeMessage, place: string): ProbeMessage {
  const segment = message.find((one) => one.place === place)?.segment;
  if (segment?.[0] !== 'OBX' || segment[2] === 'NM' || !valueAt(segment, [5]).startsWith('13')) return message;
  const facts = valueAt(segment, [5, 3]);
  const sample = sampleAt(segment, [5]);
  return structured(changed(message, place, { path: [5], value: facts === '' ? sample : `^10^${facts}` }), place);
}

/** An SN with a separator has a second number. */
function structured(message: ProbeMessage, place: string): ProbeMessage {
  const segment = message.find((one) => one.place === place)?.segment;
  if (segment?.[0] !== 'OBX' || segment[2] !== 'SN' || valueAt(segment, [5, 3]) === '') return message;
  return changed(message, place, { path: [5, 4], value: '20' });
}

/** Elements that may have several types: `value` is `valueQuantity` too. */
const choices = /\.(?:medication|value|occurrence|effective|onset|performed|multipleBirth|deceased|collected|occurred)$/;

/** Displays are the same in any case of letters. */
function isSame({ path, value }: Leaf, expected: string): boolean {
  return path.endsWith('.display') ? value.toLowerCase() === expected.toLowerCase() : value === expected;
}

function nameOf({ type, path }: GuideTarget): string {
  return path === '' ? type : `${type}.${path}`;
}

function holds(leaf: Leaf, target: GuideTarget, expected: string | undefined): boolean {
  if (expected !== undefined && !isSame(leaf, expected)) return false;
  const wanted = nameOf(target);
  if (!leaf.path.startsWith(wanted)) return false;
  const next = leaf.path.charAt(wanted.length);
  return next === '' || next === '.' || (choices.test(wanted) && /[A-Z]/.test(next));
}

/** The slot that wrote it: the longest trace entry that the leaf stands under. */
function ruleOf(leaf: Leaf, { resources, trace }: Probed): { readonly slot: string; readonly rule: string } {
  const types = new Map(resources.map(({ name, resource }) => [name, resource.resourceType]));
  let best = { slot: '', rule: '', length: 0 };
  for (const { target, rule } of trace) {
    const name = /^[^.]*/.exec(target)?.[0] ?? '';
    const rest = target.slice(name.length).replace(/\[\d+\]/g, '').replace(/\._/g, '.');
    const plain = `${types.get(name) ?? ''}${rest}`;
    const under = leaf.plain === plain || leaf.plain.startsWith(`${plain}.`);
    if (under && plain.length > best.length) {
      best = { slot: `${name.replace(/#.*/, '')}${rest}`, rule, length: plain.length };
    }
  }
  return { slot: best.slot, rule: best.rule };
}

/** The ways to fulfil the condition of a row: one without facts where it has none, none where it cannot be read. */
export function rowWays(row: GuideRow, subject?: GuideReference): readonly (readonly Fact[])[] {
  if (row.condition === '') return [[]];
  const read = readCondition(row.condition, subject);
  return read ? waysOf(read.condition) : [];
}

/** The elements and the constant that a row asks for. */
export function rowWants(
  row: GuideRow,
  resource: string,
  siblings: readonly GuideRow[],
): Pick<Trial, 'targets' | 'expected'> {
  const expected = /\.ur[il]\)*$/.test(row.target) && /extension/.test(row.target) ? undefined : literal(row.assignment);
  return { targets: guideTargets(row, resource, siblings), ...(expected !== undefined && { expected }) };
}
