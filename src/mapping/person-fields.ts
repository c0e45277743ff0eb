import type { CompiledPack } from './pack.ts';

/** Fields of messages, such as `PID-3`, in which some map of a pack finds the numbers that a person is known by; each once. */
export function personFieldsOf({ maps }: CompiledPack): readonly string[] {
  const all = maps.flatMap(({ base, variants }) => [base, ...variants.map(({ map }) => map)]);
  const resources = all.flatMap((map) => map.resources);
  return [...new Set(resources.flatMap(({ person }) => person?.fields ?? []))];
}
