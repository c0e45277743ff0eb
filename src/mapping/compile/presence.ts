import type { Condition } from '../language/condition-syntax.ts';
import type { SlotRule, SlotSource } from '../language/model.ts';
import type { SourcePath } from '../language/path-syntax.ts';
import type { Frame } from '../run/compiled.ts';

/**
 * Whether anything that a rule reads has text. Where nothing has, the rule gives nothing and leaves no trace: it
 * need not run. Most of a map's slots are of that kind for most messages.
 */
export type Presence = (frame: Frame) => boolean;

/** Fields by segment; undefined: the rule may do something whatever the message holds. */
type Needs = ReadonlyMap<string, ReadonlySet<number>> | undefined;

const nothing: Needs = new Map();

/** What the source of a slot reads; undefined where the slot has to be run to know. */
export function slotPresence(rule: SlotRule): Presence | undefined {
  return presence(sourceNeeds(rule, false));
}

/** What a condition reads; undefined where it has to be asked. */
export function conditionPresence(condition: Condition): Presence | undefined {
  const needs = conditionNeeds(condition);
  return needs?.size === 0 ? () => false : presence(needs);
}

/** A rule that reads nothing (a constant, a reference) may always give something. */
function presence(needs: Needs): Presence | undefined {
  if (needs === undefined || needs.size === 0) return undefined;
  const all = [...needs].map(([segment, fields]) => ({ segment, fields: [...fields] }));
  const [only, ...others] = all;
  if (only !== undefined && others.length === 0) return (frame) => isIn(frame, only);
  return (frame) => {
    for (const each of all) if (isIn(frame, each)) return true;
    return false;
  };
}

interface SegmentFields {
  readonly segment: string;
  readonly fields: readonly number[];
}

function isIn({ run, group, segment: own }: Frame, { segment, fields }: SegmentFields): boolean {
  if (own?.name === segment) {
    for (const field of fields) if (own.hasText(field)) return true;
    return false;
  }
  if (run.message.segment(segment) === undefined) return false;
  for (const each of run.scope.visible(group, segment)) {
    for (const field of fields) if (each.hasText(field)) return true;
  }
  return false;
}

function union(all: readonly Needs[]): Needs {
  const found = new Map<string, Set<number>>();
  for (const needs of all) {
    if (needs === undefined) return undefined;
    for (const [segment, fields] of needs) {
      found.set(segment, new Set([...(found.get(segment) ?? []), ...fields]));
    }
  }
  return found;
}

/** A path through groups is looked up where it is read: to look twice would cost more than it saves. */
function pathNeeds(path: SourcePath): Needs {
  if (path.kind !== 'segment' || path.field === undefined || path.groups.length > 0) {
    return undefined;
  }
  return new Map([[path.segment, new Set([path.field])]]);
}

/** `isPart`: of an element made of slots, which constants alone do not make. */
function sourceNeeds(rule: SlotRule, isPart: boolean): Needs {
  const { source } = rule;
  switch (source.kind) {
    case 'from':
      return pathNeeds(source.path.value);
    case 'each':
    case 'first':
      return union(source.paths.map(({ value }) => pathNeeds(value)));
    case 'oneOf':
      return union(source.alternatives.map((one) => wholeNeeds(one, isPart)));
    case 'call':
      return callNeeds(source);
    case 'none':
      return rule.ref ? undefined : setNeeds(rule.set ?? []);
    case 'const':
      return isPart ? nothing : undefined;
    case 'clear':
      return undefined;
  }
}

/** Constants among the arguments read nothing. */
function callNeeds({ args }: Extract<SlotSource, { kind: 'call' }>): Needs {
  const read = [...args.values()].filter(({ source }) => source.kind !== 'const');
  return read.length === 0 ? undefined : union(read.map((arg) => sourceNeeds(arg, false)));
}

/** An element that misses what it requires may have to be told of. */
function setNeeds(set: readonly SlotRule[]): Needs {
  const told = set.some(({ required }) => required === 'warn' || required === 'refuse');
  return told ? undefined : union(set.map((one) => wholeNeeds(one, true)));
}

/** With what its `when` reads: a field that decides counts as read. */
function wholeNeeds(rule: SlotRule, isPart: boolean): Needs {
  const own = sourceNeeds(rule, isPart);
  return rule.when ? union([own, conditionNeeds(rule.when.value)]) : own;
}

function conditionNeeds(condition: Condition): Needs {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return union(condition.parts.map(conditionNeeds));
    case 'not':
      return conditionNeeds(condition.part);
    default: {
      const { path } = condition;
      const readsNothing =
        path.kind === 'setting' || (path.kind === 'segment' && path.field === undefined);
      return readsNothing ? nothing : pathNeeds(path);
    }
  }
}
