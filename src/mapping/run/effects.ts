import { findInstances } from '../compile/references.ts';
import type { Effect, MappedResource } from '../result.ts';
import type { CompiledEffect, Instance } from './compiled.ts';
import type { Run } from './run.ts';

/** What the event does, pair by pair, in the order of the message. `mapped` gives what became of an instance. */
export function effectsOf(
  run: Run,
  mapped: (instance: Instance) => MappedResource,
): readonly Effect[] {
  return run.map.effects.flatMap((effect) => {
    const { name, kind } = effect;
    return pairsOf(run, effect).map(([of, into]) => {
      return { name, kind, of: mapped(of), into: mapped(into) };
    });
  });
}

type Pair = readonly [of: Instance, into: Instance];

function pairsOf(run: Run, effect: CompiledEffect): readonly Pair[] {
  const { of, into, when } = effect;
  const instances = (run.instances.get(of) ?? []).filter(
    (instance) => instance.state === 'built' && (when === undefined || when(instance.frame)),
  );
  if (into === undefined) {
    const [first, ...others] = instances;
    return first === undefined ? [] : others.map((other): Pair => [other, first]);
  }
  return instances.flatMap((instance): Pair[] => {
    const [target] = findInstances([into], instance.frame);
    if (target !== undefined) return [[instance, target]];
    const diagnostics = `The message does not say which ${into} takes over ${instance.name}`;
    const severity = instance.rule.person ? 'error' : 'warning';
    run.issue(severity, 'required-field', { diagnostics });
    return [];
  });
}
