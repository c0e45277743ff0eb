import { isResourceType } from './definitions.ts';
import { parseReference } from './reference.ts';
import type { Shape } from './shape.ts';
import type { Fault, Members } from './fault.ts';

/**
 * What is wrong with a Reference by itself: its text is no reference, it points to a type that the element does
 * not allow, its `type` says another, or there is no such contained resource (ref-1).
 */
export function referenceFault(
  { reference, type }: Members,
  targets: readonly string[] | undefined,
  root: Members,
): Fault | undefined {
  if (typeof type === 'string' && !isResourceType(type) && !type.includes(':')) {
    return { code: 'value', diagnostics: 'Reference.type is not a resource type of FHIR R4' };
  }
  if (typeof reference !== 'string' || reference === '') return targetFault(type, targets);
  const parsed = parseReference(reference);
  if (!parsed) {
    return { code: 'value', diagnostics: 'A reference is Type/id, an address, a URN or #id' };
  }
  if (parsed.kind === 'contained') {
    const target = parsed.id === '' ? root : containedById(root, parsed.id);
    if (!target) return { code: 'invariant', diagnostics: 'There is no such contained resource' };
    return targetFault(target['resourceType'], targets);
  }
  const named = 'type' in parsed ? parsed.type : type;
  if (typeof type === 'string' && named !== type) {
    return { code: 'invariant', diagnostics: 'Reference.type is not the type of the reference' };
  }
  return targetFault(named, targets);
}

function targetFault(type: unknown, targets: readonly string[] | undefined): Fault | undefined {
  if (typeof type !== 'string' || !targets || targets.includes('Resource')) return undefined;
  if (targets.includes(type) || !isResourceType(type)) return undefined;
  return {
    code: 'reference-target',
    diagnostics: `The element may not point to a ${type}; it may to ${targets.join(', ')}`,
  };
}

function containedById(root: Members, id: string): Members | undefined {
  const { contained } = root;
  const inside = Array.isArray(contained) ? (contained as readonly unknown[]) : [];
  return inside.find((r): r is Members => (r as Members | null)?.['id'] === id);
}

/** What is wrong with the contained resources of a resource, by their position (dom-2 to dom-5). */
export function containedIssues(
  root: Members,
  shape: Shape,
): readonly { readonly fault: Fault; readonly index: number }[] {
  const { contained } = root;
  if (!Array.isArray(contained) || !shape.properties.has('contained')) return [];
  const texts = referenceTexts(root);
  return (contained as readonly unknown[]).flatMap((resource, index) => {
    const fault = containedFault(resource, texts);
    return fault ? [{ fault, index }] : [];
  });
}

function containedFault(resource: unknown, texts: ReadonlySet<string>): Fault | undefined {
  const { id, contained, meta } = (resource ?? {}) as Members;
  const { versionId, lastUpdated, security } = (meta ?? {}) as Members;
  if (contained !== undefined) {
    return { code: 'invariant', diagnostics: 'A contained resource may not contain any (dom-2)' };
  }
  if (versionId !== undefined || lastUpdated !== undefined) {
    return { code: 'invariant', diagnostics: 'A contained resource has no version (dom-4)' };
  }
  if (security !== undefined) {
    return { code: 'invariant', diagnostics: 'A contained resource has no labels (dom-5)' };
  }
  if (typeof id !== 'string') {
    return { code: 'invariant', diagnostics: 'A contained resource needs an id' };
  }
  if (texts.has(`#${id}`) || referenceTexts(resource).has('#')) return undefined;
  return { code: 'invariant', diagnostics: 'Nothing refers to the contained resource (dom-3)' };
}

/** Every text that starts with `#`, anywhere: references, canonicals and addresses alike. */
function referenceTexts(value: unknown, texts = new Set<string>()): ReadonlySet<string> {
  if (typeof value === 'string') {
    if (value.startsWith('#')) texts.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) referenceTexts(inner, texts);
  }
  return texts;
}
