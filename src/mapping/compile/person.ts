import type { At, KeyRule, ResourceRule, SlotRule } from '../language/model.ts';
import type { SourcePath } from '../language/path-syntax.ts';
import { suggestion } from '../map-issue.ts';
import type { CompiledPerson } from '../run/compiled.ts';
import type { Compiler } from './compiler.ts';

/** `key: person`: which slots it names, and which fields of a message these read. */
export function compilePerson(
  rule: ResourceRule,
  key: Extract<KeyRule, { kind: 'person' }>,
  { issues }: Compiler,
): CompiledPerson {
  const slots = rule.set.filter(({ element }) => element.value[0]?.name === 'identifier');
  const names = slots.map(({ name }) => name);
  for (const { value, place } of key.slots ?? []) {
    if (names.includes(value)) continue;
    issues.add(place, `\`${value}\` is no slot at \`identifier\`${suggestion(value, names)}`);
  }
  if (names.length === 0) {
    issues.add(rule.place, `\`key: person\` needs a slot at \`identifier\` in \`${rule.name}\``);
  }
  const named = key.slots?.map(({ value }) => value);
  const counting = slots.filter(({ name }) => named?.includes(name) !== false);
  return {
    ...(named && { slots: named }),
    fields: [...new Set(counting.flatMap(fieldsOf))],
  };
}

/** Fields that a slot reads, such as `PID-3`. */
function fieldsOf(slot: SlotRule): readonly string[] {
  return [...pathsOf(slot).flatMap(fieldOf), ...partsOf(slot).flatMap(fieldsOf)];
}

function pathsOf({ source }: SlotRule): readonly At<SourcePath>[] {
  if (source.kind === 'from') return [source.path];
  return source.kind === 'each' || source.kind === 'first' ? source.paths : [];
}

function partsOf({ source, set = [] }: SlotRule): readonly SlotRule[] {
  if (source.kind === 'oneOf') return [...source.alternatives, ...set];
  return source.kind === 'call' ? [...source.args.values(), ...set] : set;
}

function fieldOf({ value: path }: At<SourcePath>): readonly string[] {
  if (path.kind !== 'segment' || path.field === undefined) return [];
  return [`${path.segment}-${path.field}`];
}
