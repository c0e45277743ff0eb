import { defined } from './defined.ts';
import { effectKinds, type EffectRule } from './model.ts';
import { TreeReader } from './tree-reader.ts';
import type { TreeEntry } from './yaml-tree.ts';

export const effectKeys = [...effectKinds, 'into', 'when', 'doc', 'new'] as const;

/** Those between instances of one resource. */
const mutual: ReadonlySet<string> = new Set(['link', 'unlink']);

/** `effects:` of a message map. */
export function readEffects(body: TreeReader): EffectRule[] {
  return [...(body.map('effects')?.tree.entries ?? [])].flatMap(
    ([name, entry]) => readEffect(name, entry, body) ?? [],
  );
}

function readEffect(
  name: string,
  { place, value }: TreeEntry,
  { issues }: TreeReader,
): EffectRule | undefined {
  if (value.kind !== 'map') {
    issues.add(
      place,
      `The effect \`${name}\` must be a map such as \`{ merge: prior, into: patient }\``,
    );
    return undefined;
  }
  const body = new TreeReader(value, issues);
  body.expectKeys(effectKeys, 'an effect');
  const given = effectKinds.filter((kind) => body.has(kind));
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    issues.add(place, `The effect \`${name}\` needs exactly one of ${effectKinds.join(', ')}`);
    return undefined;
  }
  const of = body.text(kind);
  const into = body.text('into');
  if (mutual.has(kind) && into) {
    issues.add(
      into.place,
      `\`${kind}\` is between the instances of one resource; it takes no \`into\``,
    );
    return undefined;
  }
  if (!mutual.has(kind) && !into) {
    issues.add(place, `\`${kind}\` needs \`into\`: the resource that takes it over`);
    return undefined;
  }
  if (!of) return undefined;
  return defined<EffectRule>({ name, place, kind, of, into, when: body.condition('when') });
}
