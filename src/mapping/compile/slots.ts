import { elementType } from '../../fhir/definitions.ts';
import type { At, SlotRule } from '../language/model.ts';
import { ruleId } from '../map-issue.ts';
import type { CompiledSlot, Predicate, SlotBody, SlotOutcome } from '../run/compiled.ts';
import { compileCall } from './calls.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { compileCondition } from './conditions.ts';
import { compileConstant } from './constants.ts';
import {
  elementNames,
  isFilled,
  resolveElement,
  withinConcept,
  type ElementPlace,
} from './element.ts';
import { compileLinks } from './links.ts';
import { giveElement, type SlotWrite } from './give.ts';
import { periodSlots } from './periods.ts';
import { conditionPresence, slotPresence } from './presence.ts';
import { reusedSlot } from './reuse.ts';
import { compileSource } from './sources.ts';
import { compileSet, compileValues, type SlotScope } from './values.ts';

/** The slots of a `set` below a FHIR type or group. */
export function compileSlots(
  rules: readonly SlotRule[],
  base: string,
  { scope, compiler }: { scope: ValueScope; compiler: Compiler },
): CompiledSlot[] {
  reportShadowed(rules, base, compiler);
  const begun = new Set(filledBefore);
  const slots = rules.flatMap((rule) => {
    const word = firstWord(rule);
    // A Reference may hold what its value says, before its slots run.
    const mayBeFilled = base === 'Reference' || begun.has(word);
    begun.add(word);
    const make = (own: Compiler): CompiledSlot | undefined =>
      compileSlot(rule, base, { scope, mayBeFilled, compiler: own });
    return reusedSlot(rule, { base, scope, mayBeFilled, compiler }, make) ?? [];
  });
  return [...slots, ...periodSlots(rules)];
}

/** A resource has its source before its slots run. */
const filledBefore: readonly string[] = ['meta'];

/** `value` of `valueQuantity` and of `value[x]`: slots of different first words never fill the same element. */
function firstWord({ element }: SlotRule): string {
  const name = element.value[0]?.name ?? '';
  return /^[a-z]+/.exec(name)?.[0] ?? name;
}

/** A constant that always holds leaves nothing to a later slot of the same single element. */
function reportShadowed(rules: readonly SlotRule[], base: string, { issues }: Compiler): void {
  const filled = new Map<string, SlotRule>();
  for (const rule of rules) {
    const always = rule.source.kind === 'const' && !rule.when;
    if (!always && filled.size === 0) continue;
    if (rule.element.value.some(({ url }) => url !== undefined)) continue;
    const path = [base, ...rule.element.value.map(({ name }) => name)].join('.');
    const earlier = filled.get(path);
    if (earlier && (rule.source.kind !== 'none' || rule.ref)) {
      const what = `\`${rule.name}\` is never reached`;
      issues.add(rule.place, `${what}: \`${earlier.name}\` before it always fills the element`);
    }
    if (always && elementType(path)?.max === 1) filled.set(path, rule);
  }
}

interface SlotPlace {
  readonly scope: ValueScope;
  /** Whether its element may have a value when it runs: then, being single, it is passed over. */
  readonly mayBeFilled: boolean;
  readonly compiler: Compiler;
}

function compileSlot(
  rule: SlotRule,
  base: string,
  { scope, mayBeFilled, compiler }: SlotPlace,
): CompiledSlot | undefined {
  const name = `${scope.name}.${rule.name}`;
  if (isTraced(rule)) compiler.rules.push({ name, rule: ruleId(rule.place) });
  const found = resolveElement(rule.element, base, compiler);
  if (!found) return undefined;
  const element = withinConcept(found, scope.concept);
  const inner = { ...scope, name };
  const body = compileBody(rule, { element, scope: inner, compiler });
  const when = rule.when && compileCondition(rule.when, scope, compiler);
  const isPassedOver = mayBeFilled && (rule.source.kind !== 'none' || rule.ref !== undefined);
  return {
    name: rule.name,
    rule: ruleId(rule.place),
    required: rule.required,
    source: sourceText(rule),
    clears: elementNames(element, clearTypes(rule, element)),
    isIdle: idleTest(rule, when),
    run: (frame, target): SlotOutcome => {
      if (when && !when(frame)) return 'off';
      if (isPassedOver && isFilled(element, target)) return 'given';
      if (!body(frame, target)) return 'absent';
      if (rule.initial) target.instance.initial.push(...elementNames(element, element.leaf.types));
      return 'given';
    },
  };
}

/**
 * Whether a slot has nothing to read and nobody to tell of it. Its `when` is asked all the same where it reads a
 * field that has text: what decides counts as read.
 */
function idleTest(rule: SlotRule, when: Predicate | undefined): Predicate | undefined {
  const hasSource = rule.required === undefined ? slotPresence(rule) : undefined;
  if (!hasSource) return undefined;
  if (!rule.when || !when) return (frame) => !hasSource(frame);
  const hasCondition = conditionPresence(rule.when.value);
  return (frame) => {
    if (hasSource(frame)) return false;
    if (hasCondition?.(frame) !== false) when(frame);
    return true;
  };
}

/** Whether the slot itself stands in the trace, not only the slots or alternatives inside it. */
function isTraced({ source: { kind }, set, as, ref }: SlotRule): boolean {
  if (kind === 'oneOf' || kind === 'clear') return false;
  if (kind === 'none') return ref !== undefined;
  return kind === 'const' || kind === 'call' || !set || as !== undefined;
}

function clearTypes(rule: SlotRule, element: ElementPlace): readonly string[] {
  const named = rule.as?.value;
  return named !== undefined && element.leaf.types.includes(named) ? [named] : element.leaf.types;
}

/** The paths of a slot, for `required-field`. */
function sourceText(rule: SlotRule): string | undefined {
  const { source } = rule;
  switch (source.kind) {
    case 'from':
      return source.path.value.text;
    case 'each':
    case 'first':
      return source.paths[0]?.value.text;
    case 'oneOf':
      return source.alternatives.map(sourceText).find((text) => text !== undefined);
    default:
      return undefined;
  }
}

function compileBody(rule: SlotRule, at: SlotScope): SlotBody {
  const { source } = rule;
  const write: SlotWrite = { rule: ruleId(rule.place), element: at.element };
  reportIdle(rule, at.compiler);
  switch (source.kind) {
    case 'const':
      return compileConstant(source.value, rule, { ...at, write });
    case 'call':
      return compileCall(rule, source, { ...at, write });
    case 'clear':
      return clearing(elementNames(at.element, at.element.leaf.types));
    case 'oneOf':
      return compileAlternatives(source.alternatives, at);
    case 'none':
      return rule.ref
        ? compileLinks(rule, rule.ref.value, { ...at, write })
        : compileOwnSet(rule, at, write);
    default: {
      const values = compileSource(rule, at.scope, at.compiler);
      return values ? compileValues(rule, values, { ...at, write }) : () => false;
    }
  }
}

/** Verbs that have no meaning where they stand. */
function reportIdle(rule: SlotRule, { issues }: Compiler): void {
  const { kind } = rule.source;
  const valued = kind === 'from' || kind === 'each' || kind === 'first';
  const idle = (at: At<unknown> | undefined, verb: string): void => {
    if (at) issues.add(at.place, `\`${verb}\` needs a \`from\`, \`each\` or \`first\` beside it`);
  };
  if (rule.ref && kind !== 'none') {
    issues.add(
      rule.ref.place,
      `\`ref\` stands without \`${kind}\`; to refer by value write \`to\``,
    );
  }
  if (valued) return;
  idle(rule.where, 'where');
  idle(rule.map, 'map');
  idle(rule.to, 'to');
  idle(rule.unit, 'unit');
}

function clearing(names: readonly string[]): SlotBody {
  return (_, target) => {
    target.instance.clears.push(...names);
    return false;
  };
}

/** The first alternative that gives a value; each is a slot of its own on the same element. */
function compileAlternatives(alternatives: readonly SlotRule[], at: SlotScope): SlotBody {
  const bodies = alternatives.map((alternative): SlotBody => {
    const name = `${at.scope.name}.${alternative.name}`;
    if (isTraced(alternative)) at.compiler.rules.push({ name, rule: ruleId(alternative.place) });
    const body = compileBody(alternative, { ...at, scope: { ...at.scope, name } });
    const when = alternative.when && compileCondition(alternative.when, at.scope, at.compiler);
    const isIdle = idleTest(alternative, when);
    return (frame, target) => {
      if (isIdle?.(frame) === true || (when && !when(frame))) return false;
      return body(frame, target);
    };
  });
  reportUnreachable(alternatives, at.compiler);
  return (frame, target) => {
    for (const body of bodies) if (body(frame, target)) return true;
    return false;
  };
}

function reportUnreachable(alternatives: readonly SlotRule[], { issues }: Compiler): void {
  const sure = alternatives.findIndex(({ source, when }) => source.kind === 'const' && !when);
  const next = sure < 0 ? undefined : alternatives[sure + 1];
  if (next) {
    issues.add(
      next.place,
      'This alternative is never reached: the constant before it always holds',
    );
  }
}

/** `set` without a source: an element made of slots. */
function compileOwnSet(rule: SlotRule, at: SlotScope, write: SlotWrite): SlotBody {
  const fill = compileSet(rule, at, undefined);
  if (!fill) return () => false;
  return (frame, target) => giveElement(write, { frame, target, fill });
}
