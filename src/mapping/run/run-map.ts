import { hasElement, pathSteps } from '../../fhir/element-path.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { Message } from '../../hl7v2/message.ts';
import type { MappingContext } from '../context.ts';
import type { MappedResource, MappingResult } from '../result.ts';
import { build, connect, enumerate, survivorOf } from './build.ts';
import type { CompiledMap, Instance } from './compiled.ts';
import { effectsOf } from './effects.ts';
import { requirePersons } from './person.ts';
import { Run } from './run.ts';
import { uniteSameKeys } from './same-key.ts';

/**
 * Runs a compiled map over one message. Never throws for anything that a message may hold: what is wrong
 * with it is in `issues`, and with one of severity `error` it must not be committed. The same message
 * and context give the same result, to the byte.
 */
export function runMap(map: CompiledMap, message: Message, context: MappingContext): MappingResult {
  return atOnce(mapInSteps(map, message, context));
}

/** What comes of steps where nobody is let between. */
export function atOnce<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same in steps, one resource or so each: between two of them others may have the thread. */
export function* mapInSteps(
  map: CompiledMap,
  message: Message,
  context: MappingContext,
): Generator<undefined, MappingResult, undefined> {
  const run = new Run(map, message, { context, build });
  const { nothing, refuse } = map;
  if (refuse !== undefined) {
    run.issue('error', 'event-unsupported', { diagnostics: refuse, location: 'MSH-9' });
  }
  if (nothing !== undefined) run.issue('information', 'nothing-made', { diagnostics: nothing });
  const instances = enumerate(run);
  for (const instance of instances) {
    build(instance);
    yield;
  }
  requirePersons(run);
  uniteSameKeys(run, instances);
  connect(run);
  const provenance = instances.filter(isAbout).map(mapped);
  return {
    resources: instances.flatMap((instance) => (isWritten(instance) ? [mapped(instance)] : [])),
    ...(provenance.length > 0 && { provenance }),
    ...(map.effects.length > 0 && {
      effects: effectsOf(run, (one) => mapped(survivorOf(one))),
    }),
    loss: run.loss(),
    unmapped: run.unmapped(),
    issues: run.issues,
    trace: run.trace,
    map: map.label,
    ...(nothing !== undefined && { nothing: true }),
  };
}

/** Says something about the message, not about the patient. */
function isAbout({ state, mergedInto, rule }: Instance): boolean {
  return state === 'built' && mergedInto === undefined && rule.write === 'provenance';
}

const unwritten: ReadonlySet<string> = new Set(['never', 'provenance']);

function isWritten({ state, mergedInto, rule }: Instance): boolean {
  return state === 'built' && mergedInto === undefined && !unwritten.has(rule.write);
}

function mapped(instance: Instance): MappedResource {
  const { name, body, fullUrl, identity, rule, frame } = instance;
  const eventTime = rule.eventTime(frame);
  const clears = once(instance.clears).filter((path) => !isSet(body, path));
  const initial = once(instance.initial).filter((path) => isSet(body, path));
  return {
    name,
    resource: body as unknown as Resource,
    fullUrl,
    identity,
    ...(eventTime !== undefined && { eventTime }),
    clears,
    ...(initial.length > 0 && { initial }),
    write: rule.write === 'create-only' ? 'create-only' : 'merge',
  };
}

function once(paths: readonly string[]): readonly string[] {
  return paths.length < 2 ? paths : [...new Set(paths)];
}

function isSet(body: unknown, path: string): boolean {
  return hasElement(body, pathSteps(path));
}
