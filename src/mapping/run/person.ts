import { isObject } from '../compile/element.ts';
import type { Identity, PersonIdentifier } from '../result.ts';
import type { CompiledResource, Instance, MessageRun } from './compiled.ts';
import type { Run } from './run.ts';

/** How many identifiers the instance has so far; what a slot adds after that is the slot's. */
export function identifierCount(instance: Instance): number {
  return identifiersOf(instance).length;
}

/** Notes what a slot added to the identifiers: they may be those that a person is found by. */
export function collectPersons(slot: string, instance: Instance, before: number): void {
  for (const one of identifiersOf(instance).slice(before)) {
    if (!isObject(one)) continue;
    const { system, value } = one;
    if (typeof system === 'string' && typeof value === 'string') {
      instance.persons.push({ slot, system, value });
    }
  }
}

/** The identifiers that a person is found by. Without any, nobody could find it again: the message is refused. */
export function personIdentity(run: MessageRun, instance: Instance): Identity {
  const { rule, persons } = instance;
  const order = rule.person?.slots ?? [...new Set(persons.map(({ slot }) => slot))];
  const identifiers = order.flatMap((slot) =>
    persons
      .filter((one) => one.slot === slot)
      .map(({ system, value }): PersonIdentifier => ({ system, value })),
  );
  if (identifiers.length > 0) return { kind: 'person', identifiers };
  const diagnostics = `${rule.type} has no identifier that it could be found again by`;
  run.issue('error', 'required-field', { diagnostics, location: sourceOf(rule) });
  return { kind: 'none' };
}

/**
 * A message that makes no such person at all is refused too: its results and orders would be nobody's. A map
 * that can do without the person says so by a `when`.
 */
export function requirePersons(run: Run): void {
  for (const rule of run.map.resources) {
    if (!rule.person || rule.when) continue;
    if (run.instances.get(rule.name)?.some(({ state }) => state === 'built')) continue;
    const diagnostics = `The message does not say which ${rule.type} it is about`;
    run.issue('error', 'required-field', { diagnostics, location: sourceOf(rule) });
  }
}

/** Where the first of the identifiers should have stood, such as `PID-3`. */
function sourceOf({ person, slots }: CompiledResource): string | undefined {
  const names = person?.slots ?? slots.map(({ name }) => name);
  const sources = names.map((name) => slots.find((slot) => slot.name === name)?.source);
  return sources.find((source) => source !== undefined);
}

function identifiersOf(instance: Instance): readonly unknown[] {
  const list = instance.body['identifier'];
  return Array.isArray(list) ? list : [];
}
