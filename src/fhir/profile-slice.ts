/** To which slice a value belongs: http://hl7.org/fhir/R4/profiling.html#slicing. */
import { fitsPattern, isSame } from './json-pattern.ts';
import { itemsOf, referredType, type Item } from './profile-item.ts';
import { splitCanonical } from './reference.ts';
import { typeOfUrl, type Profile, type ProfileElement, type Slicing } from './snapshot.ts';

type Members = Readonly<Record<string, unknown>>;

/** What deciding needs besides the value. */
export interface SliceContext {
  /** The resource that the value is in. */
  readonly root: Members;
  readonly profile: (canonical: string) => Profile | undefined;
  /** Whether a value is in a value set; undefined where that cannot be told. */
  readonly isBound: (item: Item, valueSet: string) => boolean | undefined;
  /** Whether a value conforms to a profile; an unknown one it does. */
  readonly conforms: (item: Item, canonical: string) => boolean;
}

/** The slicing of an element: its own, or the one that goes without saying for extensions and choices. */
export function slicingOf({ slicing, name }: ProfileElement): Slicing {
  if (slicing && slicing.discriminators.length > 0) return slicing;
  const rules = slicing?.rules ?? 'open';
  const ordered = slicing?.ordered ?? false;
  if (name === 'extension' || name === 'modifierExtension') {
    return { discriminators: [{ type: 'value', path: 'url' }], rules, ordered };
  }
  const byType = [{ type: 'type', path: '$this' }];
  return { discriminators: name.endsWith('[x]') ? byType : [], rules, ordered };
}

/** The name of the first slice that the value is of. */
export function sliceFor(
  element: ProfileElement,
  slicing: Slicing,
  item: Item,
  context: SliceContext,
): string | undefined {
  const { discriminators } = slicing;
  if (discriminators.length === 0) return undefined;
  for (const [name, slice] of element.slices) {
    if (discriminators.every((each) => decides(each, slice, item, context))) return name;
  }
  return undefined;
}

function decides(
  { type, path }: Slicing['discriminators'][number],
  slice: ProfileElement,
  item: Item,
  context: SliceContext,
): boolean {
  const steps = stepsOf(path);
  const items = itemsAt(item, steps);
  switch (type) {
    case 'value':
    case 'pattern':
      return isExpected(slice, steps, items, context);
    case 'exists': {
      const { min = 0, max = Infinity } = nodeAt(slice, steps) ?? {};
      return max === 0 ? items.length === 0 : min === 0 || items.length > 0;
    }
    case 'type':
      return items.some((each) => isOfType(slice, steps, each, context));
    case 'profile': {
      const types = (nodeAt(slice, steps) ?? slice).types ?? [];
      const isTarget = steps.includes(resolve);
      const profiles = types.flatMap((each) => (isTarget ? each.targets : each.profiles));
      return items.some((each) =>
        profiles.some((url) =>
          isTarget
            ? profileType(url, context) === referredType(each.value, context.root)
            : context.conforms(each, url),
        ),
      );
    }
    default:
      return false;
  }
}

const resolve = 'resolve()';

/** `code.coding`, `$this`, `extension('url').value`, `resolve().code`, `value.ofType(Quantity)` in their steps. */
function stepsOf(path: string): readonly string[] {
  const steps = path.match(/(?:[^.('"]|\([^)]*\))+/g) ?? [];
  return steps.filter((step) => step !== '$this');
}

function itemsAt(item: Item, steps: readonly string[]): readonly Item[] {
  let items: readonly Item[] = [item];
  for (const step of steps) {
    const [, type] = /^ofType\((\w+)\)$/.exec(step) ?? [];
    const [, url] = /^extension\(['"](.*)['"]\)$/.exec(step) ?? [];
    if (type !== undefined) items = items.filter((each) => each.type === type);
    else if (url !== undefined) {
      items = items
        .flatMap((each) => itemsOf(each, 'extension'))
        .filter(({ value }) => (value as Members)['url'] === url);
    } else if (step !== resolve) items = items.flatMap((each) => itemsOf(each, step));
  }
  return items;
}

function stepInto(node: ProfileElement, step: string): ProfileElement | undefined {
  if (step === resolve || step.startsWith('ofType(')) return node;
  return node.children.get(step) ?? node.children.get(`${step}[x]`);
}

function nodeAt(slice: ProfileElement, steps: readonly string[]): ProfileElement | undefined {
  let node: ProfileElement | undefined = slice;
  for (const step of steps) node = node && stepInto(node, step);
  return node;
}

/**
 * Whether the values are those that tell the slice: its fixed value or pattern at the path or above it, the profile of
 * its type (as for extensions), or its binding.
 */
function isExpected(
  slice: ProfileElement,
  steps: readonly string[],
  items: readonly Item[],
  context: SliceContext,
): boolean {
  let nodes: readonly ProfileElement[] = [slice];
  for (const [at, step] of [...steps, ''].entries()) {
    for (const node of nodes) {
      const whole = node.fixed ?? node.pattern;
      if (whole === undefined) continue;
      const wanted = below(whole, steps.slice(at));
      const fits = node.fixed === undefined ? fitsPattern : isSame;
      return (
        wanted.length > 0 && wanted.every((one) => items.some((each) => fits(each.value, one)))
      );
    }
    const profiles = nodes.flatMap(({ types = [] }) => types.flatMap((type) => type.profiles));
    if (step === 'url' && at === steps.length - 1 && profiles.length > 0) {
      const urls = profiles.map((canonical) => splitCanonical(canonical).url);
      return items.some(({ value }) => urls.includes(String(value)));
    }
    if (at === steps.length) break;
    const roots = profiles.flatMap((url) => context.profile(url)?.root ?? []);
    nodes = [...nodes, ...roots].flatMap((node) => stepInto(node, step) ?? []);
  }
  return nodes.some(
    (node) => tells(node, context) && items.some((each) => fitsNode(node, each, context)),
  );
}

function below(value: unknown, steps: readonly string[]): readonly unknown[] {
  let values: readonly unknown[] = [value];
  for (const step of steps) {
    values = values
      .flatMap((each) => (Array.isArray(each) ? (each as readonly unknown[]) : [each]))
      .map((each) => (each as Members | null)?.[step])
      .filter((each) => each !== undefined);
  }
  return values;
}

/** Whether something at or below the element tells one value from another. */
function tells(node: ProfileElement, context: SliceContext): boolean {
  return (
    node.fixed !== undefined ||
    node.pattern !== undefined ||
    node.binding?.strength === 'required' ||
    [...node.children.values()].some((child) => tells(child, context))
  );
}

function fitsNode(node: ProfileElement, item: Item, context: SliceContext): boolean {
  if (node.fixed !== undefined && !isSame(item.value, node.fixed)) return false;
  if (node.pattern !== undefined && !fitsPattern(item.value, node.pattern)) return false;
  const { binding } = node;
  if (binding?.strength === 'required' && context.isBound(item, binding.valueSet) === false)
    return false;
  return [...node.children.values()].every((child) => {
    if (!tells(child, context)) return true;
    const items = itemsOf(item, child.name);
    return items.some((each) => fitsNode(child, each, context));
  });
}

function isOfType(
  slice: ProfileElement,
  steps: readonly string[],
  item: Item,
  context: SliceContext,
): boolean {
  const { types = [] } = nodeAt(slice, steps) ?? slice;
  if (steps.includes(resolve)) {
    const type = referredType(item.value, context.root);
    return types
      .flatMap(({ targets }) => targets)
      .some((url) => profileType(url, context) === type);
  }
  if (types.length === 0) return slice.sliceName === item.key;
  return types.some(({ code }) => code === item.type);
}

/** The type that a profile, or a type's own URL, is about. */
export function profileType(
  url: string,
  { profile }: Pick<SliceContext, 'profile'>,
): string | undefined {
  return typeOfUrl(url) ?? profile(url)?.type;
}
