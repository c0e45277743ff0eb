import { hasElement, isOfStep, pathSteps, type PathStep } from '../fhir/element-path.ts';
import type { Resource } from '../fhir/resource.ts';
import { isComposite, nameIn, saysNothing } from './element.ts';
import { elementNames, listOf, same, textOf, type Fields } from './same.ts';

/**
 * Extension of a source view (never of a stored resource): an element that the source deleted with
 * `""`. Keeps a repeated deletion from undoing what others wrote meanwhile.
 */
const clearedExtensionUrl = 'https://weir.dev/fhir/StructureDefinition/source-cleared';

/** What becomes of elements of the base that a new view does not mention. */
export type AbsentMeans = 'keep' | 'withdrawn';

/**
 * The source's view after a message: the old one overlaid with the new word. What the message did not
 * mention stays, since an event without PID-13 does not take back the phone of the event before.
 */
export function nextView(input: {
  readonly base?: Resource | undefined;
  readonly mine: Resource;
  readonly clears: readonly string[];
  readonly absent?: AbsentMeans;
}): Resource {
  const { base, mine, clears } = input;
  const kept = input.absent === 'withdrawn' || base === undefined ? {} : withoutCleared(base);
  const view: Record<string, unknown> = { ...kept, resourceType: mine.resourceType };
  for (const path of clears) removePath(view, pathSteps(path));
  for (const name of elementNames(mine)) {
    const value = mine[name];
    const old = nameIn(view, name);
    if (saysNothing(name, value) && old !== undefined) continue;
    const before = old === undefined ? undefined : view[old];
    if (old !== undefined && old !== name) delete view[old];
    view[name] = isComposite(name, before, value)
      ? { ...(before as Fields), ...(value as Fields) }
      : value;
  }
  const cleared = [...new Set([...clearedBy(base), ...clears])].filter(
    (path) => !says(mine, path) || clears.includes(path),
  );
  return (cleared.length === 0 ? view : withCleared(view, cleared)) as Resource;
}

/** The element paths that this view holds as deleted by its source. */
export function clearedBy(view: Resource | undefined): readonly string[] {
  return listOf(view?.['extension'])
    .filter((item) => textOf(item, 'url') === clearedExtensionUrl)
    .map((item) => textOf(item, 'valueString'));
}

/** The view as plain FHIR, without our marks. */
export function withoutCleared(view: Resource): Resource {
  if (clearedBy(view).length === 0) return view;
  const { extension, ...rest } = view;
  const others = listOf(extension).filter((item) => textOf(item, 'url') !== clearedExtensionUrl);
  return others.length === 0 ? rest : { ...rest, extension: others };
}

/**
 * Removes the element at `path` in place, in every item of a list on the way that its step means; says whether
 * there was one. What is left empty goes too, and an extension with nothing but its url is empty.
 */
export function removePath(holder: Record<string, unknown>, path: readonly PathStep[]): boolean {
  const [step, ...rest] = path;
  const found = step && nameIn(holder, step.name);
  if (step === undefined || found === undefined) return false;
  const before = holder[found];
  const pruned = Array.isArray(before)
    ? before
        .map((item: unknown) => (isOfStep(item, step) ? withoutPath(item, rest) : item))
        .filter((item) => item !== undefined)
    : withoutPath(before, rest);
  if (same(pruned, before)) return false;
  if (pruned === undefined || (Array.isArray(pruned) && pruned.length === 0)) delete holder[found];
  else holder[found] = pruned;
  return true;
}

function withoutPath(value: unknown, path: readonly PathStep[]): unknown {
  if (path.length === 0) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = { ...value };
  removePath(copy, path);
  return Object.keys(copy).every((name) => name === 'url') ? undefined : copy;
}

function says(resource: Resource, path: string): boolean {
  const [first, ...rest] = pathSteps(path);
  if (first === undefined) return false;
  return hasElement(resource, [
    { ...first, name: nameIn(resource, first.name) ?? first.name },
    ...rest,
  ]);
}

function withCleared(view: Record<string, unknown>, cleared: readonly string[]): Fields {
  const marks = cleared.map((path) => ({ url: clearedExtensionUrl, valueString: path }));
  return { ...view, extension: [...listOf(view['extension']), ...marks] };
}
