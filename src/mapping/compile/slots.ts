import type { At, SlotRule } from '../language/model.ts';
import { ruleId } from '../map-issue.ts';
import type { CompiledSlot, SlotOutcome } from '../run/compiled.ts';
import type { Frame, Target } from '../run/frame.ts';
import { compileCall } from './calls.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { compileCondition } from './conditions.ts';
import { compileConstant } from './constants.ts';
import { compileConverter, datatypeMap, type ValueConverter } from './converters.ts';
import { elementNames, isFilled, resolveElement, type ElementPlace } from './element.ts';
import { compileLinks, compileValueLink } from './links.ts';
import { give, giveElement, type SlotWrite } from './give.ts';
import { compileSource, type ValueSource } from './sources.ts';
import { textElement } from './text-element.ts';

/** Runs the slot over its frame; whether it gave a value. */
export type SlotBody = (frame: Frame, target: Target) => boolean;

/** The slots of a `set` below a FHIR type or group. */
export function compileSlots(
  rules: readonly SlotRule[],
  base: string,
  { scope, compiler }: { scope: ValueScope; compiler: Compiler },
): CompiledSlot[] {
  return rules.flatMap((rule) => compileSlot(rule, base, { scope, compiler }) ?? []);
}

function compileSlot(
  rule: SlotRule,
  base: string,
  { scope, compiler }: { scope: ValueScope; compiler: Compiler },
): CompiledSlot | undefined {
  const name = `${scope.name}.${rule.name}`;
  if (isTraced(rule)) compiler.rules.push({ name, rule: ruleId(rule.place) });
  const element = resolveElement(rule.element, base, compiler);
  if (!element) return undefined;
  const inner = { ...scope, name };
  const body = compileBody(rule, { element, scope: inner, compiler });
  const when = rule.when && compileCondition(rule.when, scope, compiler);
  const merges = rule.source.kind === 'none' && !rule.ref;
  return {
    name: rule.name,
    rule: ruleId(rule.place),
    required: rule.required,
    source: sourceText(rule),
    clears: elementNames(element, clearTypes(rule, element)),
    run: (frame, target): SlotOutcome => {
      if (when && !when(frame)) return 'off';
      if (!merges && isFilled(element, target)) return 'given';
      if (!body(frame, target)) return 'absent';
      if (rule.initial) target.instance.initial.push(...elementNames(element, element.leaf.types));
      return 'given';
    },
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

interface SlotScope {
  readonly element: ElementPlace;
  readonly scope: ValueScope;
  readonly compiler: Compiler;
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
  if (valued) return;
  idle(rule.where, 'where');
  idle(rule.map, 'map');
  idle(rule.to, 'to');
  idle(rule.unit, 'unit');
  if (rule.ref && kind !== 'none') {
    issues.add(
      rule.ref.place,
      `\`ref\` stands without \`${kind}\`; to refer by value write \`to\``,
    );
  }
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
    return (frame, target) => (!when || when(frame)) && body(frame, target);
  });
  reportUnreachable(alternatives, at.compiler);
  return (frame, target) => bodies.some((body) => body(frame, target));
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

/** Slots that fill one element; undefined where the element cannot have any. */
function compileSet(
  rule: SlotRule,
  { element, scope, compiler }: SlotScope,
  valueType: string | undefined,
): readonly CompiledSlot[] | undefined {
  if (!rule.set) return undefined;
  const base = setBase(rule, element, compiler);
  if (base === undefined) return undefined;
  const inner = valueType === undefined ? scope : { ...scope, valueType };
  return compileSlots(rule.set, base, { scope: inner, compiler });
}

function setBase(
  rule: SlotRule,
  { leaf, text }: ElementPlace,
  compiler: Compiler,
): string | undefined {
  const named = rule.as?.value.replace(/^.*\[|\]$/g, '');
  if (named !== undefined && leaf.types.includes(named)) return named;
  if (leaf.base !== undefined && leaf.definition.types[0] !== undefined) {
    const [type = ''] = leaf.types;
    const primitive = /^[a-z]/.test(type);
    if (!primitive) return leaf.base;
    compiler.issues.add(rule.place, `\`${text}\` is a ${type} and has no elements to \`set\``);
    return undefined;
  }
  compiler.issues.add(rule.place, `\`${text}\` has several types; say which with \`as\``);
  return undefined;
}

/** `from`, `each`, `first`: each value converted, or an element filled by slots, or both. */
function compileValues(
  rule: SlotRule,
  values: ValueSource,
  at: SlotScope & { readonly write: SlotWrite },
): SlotBody {
  const { element, compiler, write } = at;
  if (
    rule.source.kind === 'each' &&
    !element.leaf.array &&
    rule.join === undefined &&
    !rule.where
  ) {
    compiler.issues.add(
      rule.place,
      `\`${element.text}\` holds one value; use \`from\`, \`where\`, or \`join\` instead of \`each\` alone`,
    );
  }
  if (rule.to) return compileValueLink(rule, rule.to, { ...at, values });
  const datatype = values.segments ? undefined : datatypeMap(rule, values.v2Type, at);
  const set = rule.set ?? datatype?.set;
  const slots =
    set && compileSet({ ...rule, set }, at, values.segments ? undefined : values.v2Type);
  const converts = !set || (rule.as !== undefined && datatype === undefined);
  if (values.segments && !set) {
    compiler.issues.add(rule.place, 'A segment is no value; read a field of it, or give a `set`');
    return () => false;
  }
  const convert = converts ? converterOf(rule, values, at) : undefined;
  if (rule.join !== undefined && convert) return joined(rule.join, values, { convert, write });
  return (frame, target) => {
    let given = false;
    for (const inner of values.frames(frame, target)) {
      if (given && !element.leaf.array) break;
      const done = slots
        ? giveElement(write, { frame: inner, target, fill: slots, convert })
        : convert !== undefined &&
          inner.value !== undefined &&
          give(write, { frame: inner, target, converted: convert(inner.value, inner) });
      given = done || given;
    }
    return given;
  };
}

/** Joined values are text, whatever they were. */
function converterOf(rule: SlotRule, values: ValueSource, at: SlotScope): ValueConverter {
  return compileConverter(rule, rule.join === undefined ? values.v2Type : 'ST', at);
}

function joined(
  separator: string,
  values: ValueSource,
  { convert, write }: { convert: ValueConverter; write: SlotWrite },
): SlotBody {
  return (frame, target) => {
    const frames = values.frames(frame, target);
    const [first] = frames;
    if (!first?.value) return false;
    const texts = frames.map(({ value }) => value?.text ?? '').filter((text) => text !== '');
    const value = textElement(texts.join(separator), first.value.position);
    return give(write, { frame: { ...first, value }, target, converted: convert(value, first) });
  };
}
