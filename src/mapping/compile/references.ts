import type { Frame, Instance, MessageRun } from '../run/compiled.ts';
import type { Position } from '../../hl7v2/message.ts';
import type { At } from '../language/model.ts';
import { suggestion } from '../map-issue.ts';
import type { Compiler } from './compiler.ts';
import type { ElementPlace } from './element.ts';

/** Checks that the named resources exist and that the element may refer to their types. */
export function checkReference(
  names: readonly At<string>[],
  element: ElementPlace,
  compiler: Compiler,
): void {
  const { leaf, text } = element;
  const { resources, elsewhere, issues } = compiler;
  compiler.references.push((other) => {
    checkReference(names, element, other);
  });
  for (const { value, place } of names) {
    if (!leaf.types.includes('Reference')) {
      issues.add(place, `\`${text}\` is no Reference; it is ${leaf.types.join(' or ')}`);
      return;
    }
    if (!resources) continue;
    const target = resources.get(value);
    if (!target) {
      if (elsewhere.has(value)) continue;
      const hint = suggestion(value, resources.keys());
      issues.add(place, `There is no resource \`${value}\` in this map${hint}`);
      continue;
    }
    if (target.write === 'never') {
      issues.add(place, `\`${value}\` is never written; nothing can refer to it`);
      continue;
    }
    const { targets } = leaf.definition;
    if (!targets || targets.includes('Resource') || targets.includes(target.type.value)) continue;
    const allowed = targets.join(', ');
    issues.add(place, `\`${text}\` may not refer to ${target.type.value}; it may to ${allowed}`);
  }
}

/** The built instances of the first name that has any, as seen from a frame. Dropped ones do not count. */
export function findInstances(names: readonly string[], frame: Frame): readonly Instance[] {
  for (const name of names) {
    const all = frame.run.instances.get(name) ?? [];
    const found = kept(nearest(all, frame), frame);
    if (found.length > 0) return found;
  }
  return [];
}

/** The instance that was made from the very value of the frame. */
export function instanceOfValue(name: string, frame: Frame): Instance | undefined {
  const { run } = frame;
  for (const instance of run.instances.get(name) ?? []) {
    if (sameValue(instance, frame) && isKept(instance, run)) return instance;
  }
  return undefined;
}

/** Without those that are not made after all. Builds what is not yet built. */
export function kept(instances: readonly Instance[], { run }: Frame): readonly Instance[] {
  return instances.filter((instance) => isKept(instance, run));
}

function isKept(instance: Instance, run: MessageRun): boolean {
  run.build(instance);
  return instance.state !== 'dropped';
}

/** Of the same value, else of the same segment, else of the own group, else of the nearest ancestor. */
function nearest(all: readonly Instance[], frame: Frame): readonly Instance[] {
  const { run, segment } = frame;
  if (all.length === 0) return all;
  const ofValue = frame.value ? all.filter((instance) => sameValue(instance, frame)) : [];
  if (ofValue.length > 0) return ofValue;
  const ofSegment = segment ? all.filter(({ frame: other }) => other.segment === segment) : [];
  if (ofSegment.length > 0) return ofSegment;
  for (let group: Frame['group'] | undefined = frame.group; group; group = group.parent) {
    const place = group;
    const own = place === frame.group;
    const found = all.filter(({ frame: { group: inner } }) =>
      own ? isWithin(inner, place) : run.scope.belongsTo(inner, place),
    );
    if (found.length > 0) return found;
  }
  return [];
}

function sameValue({ frame: other }: Instance, { value }: Frame): boolean {
  if (value === undefined || other.value === undefined) return false;
  return value === other.value || samePosition(value.position, other.value.position);
}

function samePosition(a: Position, b: Position): boolean {
  return (
    a.segmentIndex === b.segmentIndex &&
    a.field === b.field &&
    (a.repetition ?? 0) === (b.repetition ?? 0)
  );
}

function isWithin(inner: Frame['group'], outer: Frame['group']): boolean {
  for (let group: Frame['group'] | undefined = inner; group; group = group.parent) {
    if (group === outer) return true;
  }
  return false;
}
