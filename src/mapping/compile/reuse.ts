import type { At, SlotRule } from '../language/model.ts';
import type { CompiledSlot } from '../run/compiled.ts';
import type { CompiledTable } from '../run/table.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import type { ElementPlace } from './element.ts';
import { checkReference } from './references.ts';

/** What a `ref` names, and where it stands: whether that is right depends on the map. */
export interface NamedReference {
  readonly names: readonly At<string>[];
  readonly element: ElementPlace;
}

interface Kept {
  readonly slot: CompiledSlot | undefined;
  readonly rules: readonly { name: string; rule: string }[];
  readonly asked: ReadonlyMap<string, CompiledTable>;
  readonly references: readonly NamedReference[];
}

/**
 * Slots of segment maps that many message maps use as they are: compiled for the first, and run by all. A slot knows nothing
 * of its map but the names of resources, which are looked up anew for each. Not for maps with tables or settings of their own.
 */
export type SlotReuse = WeakMap<SlotRule, Map<string, Kept>>;

interface Place {
  readonly base: string;
  readonly scope: ValueScope;
  readonly compiler: Compiler;
}

/** The slot as another map has compiled it, else made now; what is gathered on the way is gathered for each. */
export function reusedSlot(
  rule: SlotRule,
  { base, scope, compiler }: Place,
  make: (compiler: Compiler) => CompiledSlot | undefined,
): CompiledSlot | undefined {
  const { reuse } = compiler;
  if (!reuse) return make(compiler);
  const key = `${base} ${scope.name} ${scope.valueType ?? ''}`;
  const places = reuse.get(rule) ?? new Map<string, Kept>();
  const known = places.get(key);
  if (known) {
    for (const { names, element } of known.references) checkReference(names, element, compiler);
    gather(compiler, known);
    return known.slot;
  }
  const own: Compiler = { ...compiler, rules: [], asked: new Map(), references: [] };
  const slot = make(own);
  const { rules, asked, references } = own;
  const kept: Kept = { slot, rules, asked, references };
  reuse.set(rule, places.set(key, kept));
  gather(compiler, kept);
  compiler.references.push(...kept.references);
  return kept.slot;
}

function gather(compiler: Compiler, { rules, asked }: Kept): void {
  for (const rule of rules) compiler.rules.push(rule);
  for (const [name, table] of asked) compiler.asked.set(name, table);
}
