import { OutcomeError } from '../../fhir/issue.ts';
import type { SearchNode } from '../../fhir/search-ast.ts';
import { parsePath } from '../../hl7v2/path.ts';
import { TreeReader } from '../../mapping/language/tree-reader.ts';
import type { Tree } from '../../mapping/language/yaml-tree.ts';
import { suggestion } from '../../mapping/map-issue.ts';
import { searchOf } from '../../subscription/plan.ts';
import type { PassRule, SendRule } from './destination.ts';
import type { MessageFilter } from './message-filter.ts';

export interface SendNeeds {
  /** Out-maps by name, with the type of resource each is for. */
  readonly maps: ReadonlyMap<string, string>;
}

/** `send: [{ resource: Appointment?status=booked, map: siu }]`. */
export function readSends(body: TreeReader, { maps }: SendNeeds): readonly SendRule[] {
  return rulesOf(body, 'send').flatMap((rule) => {
    rule.expectKeys(['resource', 'map'], 'send');
    const criteria = rule.text('resource');
    const map = rule.text('map');
    if (criteria === undefined || map === undefined) {
      rule.issues.add(
        rule.place,
        'A rule of `send` is { resource: Patient?active=true, map: adt }',
      );
      return [];
    }
    const type = maps.get(map.value);
    if (type === undefined) {
      const hint =
        suggestion(map.value, maps.keys()) || `; known are ${[...maps.keys()].join(', ')}`;
      rule.issues.add(map.place, `There is no out-map \`${map.value}\`${hint}`);
      return [];
    }
    try {
      const found = searchOf(criteria.value, { now: 0, baseUrl: '' });
      if (needsOthers(found.where)) {
        rule.issues.add(criteria.place, 'The search takes no chains and no _has');
        return [];
      }
      if (found.type === type) return [{ ...found, map: map.value }];
      rule.issues.add(criteria.place, `The map \`${map.value}\` is for ${type}`);
    } catch (error) {
      if (!(error instanceof OutcomeError)) throw error;
      rule.issues.add(criteria.place, error.issues[0].diagnostics);
    }
    return [];
  });
}

/** Chains are about other resources than the one at hand. */
function needsOthers(node: SearchNode): boolean {
  if (node.op === 'chain' || node.op === 'has') return true;
  if (node.op === 'not') return needsOthers(node.node);
  return (node.op === 'and' || node.op === 'or') && node.nodes.some(needsOthers);
}

/** `pass: [{ feed: lab, only: { MSH-9: ORU^R01 }, except: { PID-3.4: TEST }, when: processed }]`. */
export function readPasses(body: TreeReader, feeds: ReadonlySet<string>): readonly PassRule[] {
  return rulesOf(body, 'pass').map((rule) => {
    rule.expectKeys(['feed', 'only', 'except', 'when', 'rewrite'], 'pass');
    const named = rule.texts('feed').map(({ value, place }) => {
      if (!feeds.has(value)) rule.issues.add(place, `There is no feed ${value}`);
      return value;
    });
    return {
      feeds: named,
      only: readFilter(rule, 'only'),
      except: readFilter(rule, 'except'),
      when: rule.textOf('when', ['received', 'processed']) ?? 'received',
      rewrite: rule.texts('rewrite').flatMap(({ value, place }) => {
        if (value === 'sending' || value === 'receiving') return [value];
        rule.issues.add(place, '`rewrite` is sending, receiving, or both');
        return [];
      }),
    };
  });
}

function rulesOf(body: TreeReader, key: string): readonly TreeReader[] {
  const value = body.value(key);
  if (value === undefined) return [];
  const items: readonly Tree[] = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => {
    if (item.kind === 'map') return [new TreeReader(item, body.issues)];
    body.issues.add(item.place, `\`${key}\` is a list of rules`);
    return [];
  });
}

function readFilter(rule: TreeReader, key: string): MessageFilter {
  const filter = rule.map(key);
  if (filter === undefined) return [];
  return [...filter.tree.entries].flatMap(([place, entry]) => {
    const { path } = parsePath(place);
    if (path?.field === undefined) {
      rule.issues.add(entry.place, `\`${place}\` is not a field such as MSH-9 or PID-3.4`);
      return [];
    }
    return [{ path, values: filter.texts(place).map(({ value }) => value) }];
  });
}
