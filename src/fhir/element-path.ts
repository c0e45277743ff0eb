/** One step of an element path: a name, or `extension(URL)` for the items of a list with that url. */
export interface PathStep {
  readonly name: string;
  readonly url?: string;
}

/**
 * Steps of a path such as `telecom`, `period.end` or `extension(http://example.org/race).valueString`: names of
 * JSON members, without the resource's type and without indexes.
 */
export function pathSteps(path: string): readonly PathStep[] {
  return [...path.matchAll(/([^.()]+)(?:\(([^()]*)\))?/g)].map(([, name = '', url]) =>
    url === undefined ? { name } : { name, url },
  );
}

/** The path of some steps; {@link pathSteps} reads it back. */
export function pathText(steps: readonly PathStep[]): string {
  return steps.map(({ name, url }) => (url === undefined ? name : `${name}(${url})`)).join('.');
}

/** Whether an item is what the step means: any, or the one with the step's url. */
export function isOfStep(item: unknown, { url }: PathStep): boolean {
  return url === undefined || (item as { readonly url?: unknown } | null)?.url === url;
}

/** Whether a JSON object has the element; of a list, any item that has it will do. */
export function hasElement(value: unknown, steps: readonly PathStep[]): boolean {
  const [step, ...rest] = steps;
  if (step === undefined) return value !== undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step.name)) return false;
  const found = (value as Readonly<Record<string, unknown>>)[step.name];
  if (!Array.isArray(found)) return hasElement(found, rest);
  return found.some((item) => isOfStep(item, step) && hasElement(item, rest));
}
