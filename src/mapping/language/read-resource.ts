import type { MapIssues, MapPlace } from '../map-issue.ts';
import { alternatives } from './alternatives.ts';
import { defined } from './defined.ts';
import type { At, KeyPart, KeyRule, ResourceRule, ScopeRule } from './model.ts';
import { parseInstanceSource, type InstanceSource } from './path-syntax.ts';
import { readSet } from './read-slot.ts';
import { TreeReader } from './tree-reader.ts';
import type { TreeMap } from './yaml-tree.ts';

export const resourceKeys = [
  'type',
  'from',
  'when',
  'key',
  'scope',
  'sameKey',
  'order',
  'onNull',
  'write',
  'keep',
  'set',
  'ignore',
  'doc',
  'guide',
  'new',
] as const;

const sourceForms =
  'write a segment (`PID`), groups (`ORDER_OBSERVATION.OBX`) or a field (`PV1-7`)';

const orConstant = ', or a constant in single quotes';

/** Reads a resource whose `use` is worked in already (see expand.ts). */
export function readResource(
  name: string,
  place: MapPlace,
  { tree, issues }: { tree: TreeMap; issues: MapIssues },
): ResourceRule | undefined {
  const body = new TreeReader(tree, issues);
  body.expectKeys([...resourceKeys, 'use'], 'a resource');
  const type = body.text('type');
  if (!type) {
    issues.add(place, `The resource \`${name}\` needs a \`type\`, or a \`use\` that brings one`);
    return undefined;
  }
  const set = body.map('set');
  if (!set) issues.add(place, `The resource \`${name}\` needs a \`set\` with its slots`);
  return defined<ResourceRule>({
    name,
    place,
    type,
    from: body.texts('from').flatMap((text) => instanceSource(text, issues) ?? []),
    when: body.condition('when'),
    key: readKey(body),
    scope: readScope(body),
    sameKey: body.textOf('sameKey', ['merge', 'lines', 'number']) ?? 'merge',
    order: body.paths('order'),
    onNull: body.textOf('onNull', ['delete', 'keep']) ?? 'delete',
    write: body.textOf('write', ['merge', 'create-only', 'never', 'provenance']) ?? 'merge',
    keep: body.flag('keep'),
    set: set ? readSet(set.tree, issues) : [],
  });
}

function instanceSource(text: At<string>, issues: MapIssues): At<InstanceSource> | undefined {
  const value = parseInstanceSource(text.value);
  if (value) return { value, place: text.place };
  issues.add(text.place, `\`${text.value}\` cannot make instances; ${sourceForms}`);
  return undefined;
}

function readKey(body: TreeReader): KeyRule | undefined {
  const value = body.value('key');
  if (value === undefined) return undefined;
  if (value.kind === 'map') {
    const key = new TreeReader(value, body.issues);
    key.expectKeys(['person'], '`key`');
    return { kind: 'person', slots: key.texts('person') };
  }
  if (value.kind === 'scalar' && value.value === 'person') return { kind: 'person' };
  const parts = body.texts('key').map((text): KeyPart => {
    const constant = /^'(.*)'$/.exec(text.value)?.[1];
    return constant === undefined
      ? { paths: alternatives(text, body.issues, orConstant) }
      : { constant };
  });
  const [first] = parts;
  if (first && 'constant' in first && parts.every((part) => 'constant' in part)) {
    body.issues.add(
      value.place,
      '`key` needs a path; constants alone make every instance the same',
    );
  }
  return { kind: 'parts', place: value.place, parts };
}

function readScope(body: TreeReader): ScopeRule | undefined {
  const text = body.text('scope');
  if (!text) return undefined;
  if (text.value === 'sender' || text.value === 'feed') return { kind: text.value };
  return { kind: 'paths', paths: alternatives(text, body.issues, orConstant) };
}
