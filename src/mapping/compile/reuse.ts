import type { SlotRule } from '../language/model.ts';
import type { CompiledSlot } from '../run/compiled.ts';
import type { Compiler, KeptSlot, ValueScope } from './compiler.ts';

interface Place {
  readonly base: string;
  readonly scope: ValueScope;
  readonly mayBeFilled: boolean;
  readonly compiler: Compiler;
}

/**
 * The slot as another map has compiled it, else made now; what is gathered on the way is gathered for each. Segment maps are
 * used by many message maps as they are, and a slot knows nothing of its map but the names of resources, which are
 * looked up anew. Not for maps with tables or settings of their own.
 */
export function reusedSlot(
  rule: SlotRule,
  { base, scope, mayBeFilled, compiler }: Place,
  make: (compiler: Compiler) => CompiledSlot | undefined,
): CompiledSlot | undefined {
  const { reuse } = compiler;
  if (!reuse) return make(compiler);
  const key = `${base} ${scope.name} ${scope.valueType ?? ''} ${String(mayBeFilled)}`;
  const places = reuse.get(rule) ?? new Map<string, KeptSlot>();
  const known = places.get(key);
  if (known) {
    for (const check of known.references) check(compiler);
    gather(compiler, known);
    return known.slot;
  }
  const own: Compiler = { ...compiler, rules: [], asked: new Map(), references: [] };
  const slot = make(own);
  const { rules, asked, references } = own;
  const kept: KeptSlot = { slot, rules, asked, references };
  reuse.set(rule, places.set(key, kept));
  gather(compiler, kept);
  compiler.references.push(...kept.references);
  return kept.slot;
}

function gather(compiler: Compiler, { rules, asked }: KeptSlot): void {
  for (const rule of rules) compiler.rules.push(rule);
  for (const [name, table] of asked) compiler.asked.set(name, table);
}
