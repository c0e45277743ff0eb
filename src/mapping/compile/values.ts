import type { SlotRule } from '../language/model.ts';
import type { CompiledSlot, Frame, SlotBody, Target } from '../run/compiled.ts';
import { withValue } from '../run/frame.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { compileConverter, datatypeMap, type ValueConverter } from './converters.ts';
import { conceptOf, type ElementPlace } from './element.ts';
import { give, giveElement, type SlotWrite } from './give.ts';
import { compileValueLink } from './links.ts';
import type { ValueSource } from './sources.ts';
import { textElement } from './text-element.ts';

/** Which element a slot feeds, and where it stands. */
export interface SlotScope {
  readonly element: ElementPlace;
  readonly scope: ValueScope;
  readonly compiler: Compiler;
}

/** Slots that fill one element; undefined where the element cannot have any. */
export function compileSet(
  rule: SlotRule,
  { element, scope, compiler }: SlotScope,
  valueType: string | undefined,
): readonly CompiledSlot[] | undefined {
  if (!rule.set) return undefined;
  const base = setBase(rule, element, compiler);
  if (base === undefined) return undefined;
  const concept = conceptOf(element);
  const inner: ValueScope = {
    name: scope.name,
    ...((valueType ?? scope.valueType) !== undefined && {
      valueType: valueType ?? scope.valueType,
    }),
    ...(concept && { concept }),
  };
  return compiler.compileSlots(rule.set, base, { scope: inner, compiler });
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
export function compileValues(
  rule: SlotRule,
  values: ValueSource,
  at: SlotScope & { readonly write: SlotWrite },
): SlotBody {
  const { element, compiler, write } = at;
  reportMany(rule, at);
  if (rule.to) return compileValueLink(rule, rule.to, { ...at, values });
  const filling = compileFilling(rule, values, at);
  if (!filling) {
    compiler.issues.add(rule.place, 'A segment is no value; read a field of it, or give a `set`');
    return () => false;
  }
  const { slots, convert } = filling;
  if (rule.join !== undefined && convert) return joined(rule.join, values, { convert, write });
  const giveOne = (frame: Frame, target: Target): boolean => {
    if (slots) return giveElement(write, { frame, target, fill: slots, convert });
    const converted = convert && frame.value && convert(frame.value, frame);
    return give(write, { frame, target, converted });
  };
  return (frame, target) => {
    let given = false;
    for (const inner of values.frames(frame, target)) {
      if (given && !element.leaf.array) break;
      given = giveOne(inner, target) || given;
    }
    return given;
  };
}

function reportMany(rule: SlotRule, { element, compiler }: SlotScope): void {
  const many = rule.source.kind === 'each' && !rule.where && rule.join === undefined;
  if (!many || element.leaf.array) return;
  const instead = 'use `from`, `where`, or `join` instead of `each` alone';
  compiler.issues.add(rule.place, `\`${element.text}\` holds one value; ${instead}`);
}

interface Filling {
  readonly slots: readonly CompiledSlot[] | undefined;
  readonly convert: ValueConverter | undefined;
}

/** How a value becomes the element: by slots (its own, or those of a datatype map), a converter, or both. */
function compileFilling(rule: SlotRule, values: ValueSource, at: SlotScope): Filling | undefined {
  const { segments, v2Type } = values;
  if (segments) return rule.set && { slots: compileSet(rule, at, undefined), convert: undefined };
  const datatype = datatypeMap(rule, v2Type, at);
  const set = rule.set ?? datatype?.set;
  return {
    slots: set && compileSet({ ...rule, set }, at, v2Type),
    convert: !set || (rule.as && !datatype) ? converterOf(rule, values, at) : undefined,
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
    const joint = withValue(first, value);
    return give(write, { frame: joint, target, converted: convert(value, first) });
  };
}
