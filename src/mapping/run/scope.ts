import { canonicalStructure, groupSegments, type GroupNode } from '../../hl7v2/grammar.ts';
import type { Message, Segment } from '../../hl7v2/message.ts';
import type { ParseIssue } from '../../hl7v2/parse-issue.ts';
import { structureGrammar, type GrammarNode } from '../../hl7v2/structure-grammar.ts';

const none: readonly Segment[] = [];

/** Where the segments of one message stand, and which of them a path may see from where. */
export class Scope {
  readonly root: GroupNode;
  readonly #grammar = new Map<GroupNode, GrammarNode | undefined>();
  readonly #groupOf: (GroupNode | undefined)[] = [];
  readonly #anywhere = new Map<string, readonly Segment[]>();
  readonly #besides = new Map<GroupNode, Map<string, readonly GroupNode[]>>();
  readonly #seen = new Map<GroupNode, Map<string, readonly Segment[]>>();

  /** `report` takes what stands where the message structure has no place for it. */
  constructor(message: Message, report: (issue: ParseIssue) => void) {
    this.root = groupSegments(message, report);
    this.#index(this.root, structureGrammar(canonicalStructure(message)));
  }

  #index(group: GroupNode, grammar: GrammarNode | undefined): void {
    this.#grammar.set(group, grammar);
    for (const segment of group.segments) this.#groupOf[segment.index] = group;
    for (const child of group.groups) {
      const inner = grammar?.children?.find((node) => node.children && node.name === child.name);
      this.#index(child, inner);
    }
  }

  groupOf(segment: Segment): GroupNode {
    return this.#groupOf[segment.index] ?? this.root;
  }

  /**
   * The segments of that name as seen from a group: its own, else those of the nearest ancestor that has
   * (or may have) them. Groups that cannot repeat count with the group they stand in. Where the grammar
   * has the segment in a group, the search ends there: an absent segment is absent.
   */
  visible(group: GroupNode, name: string): readonly Segment[] {
    let byName = this.#seen.get(group);
    if (!byName) this.#seen.set(group, (byName = new Map<string, readonly Segment[]>()));
    let found = byName.get(name);
    if (!found) byName.set(name, (found = this.#look(group, name)));
    return found;
  }

  #look(group: GroupNode, name: string): readonly Segment[] {
    const found = this.#standing(group, name);
    if (found.length > 0) return found;
    const grammar = this.#grammar.get(group);
    if (!group.parent || (grammar && mayStand(grammar, name))) return none;
    // By way of the memory: five thousand results ask the same of the group above them.
    return this.visible(group.parent, name);
  }

  /** Direct segments, then those in groups that cannot repeat. */
  #standing(group: GroupNode, name: string): readonly Segment[] {
    const own = group.segments.filter((segment) => segment.name === name);
    if (own.length > 0) return own;
    for (const child of group.groups) {
      if (this.#repeats(child)) continue;
      const found = this.#standing(child, name);
      if (found.length > 0) return found;
    }
    return none;
  }

  #repeats(group: GroupNode): boolean {
    return this.#grammar.get(group)?.repeats ?? true;
  }

  /** Whether `inner` stands in `outer`, with only groups between that cannot repeat. */
  belongsTo(inner: GroupNode, outer: GroupNode): boolean {
    let place: GroupNode | undefined = inner;
    while (place && place !== outer) {
      if (this.#repeats(place)) return false;
      place = place.parent;
    }
    return place === outer;
  }

  /**
   * Segments by a downward path: in the groups of that name below the given group, else of the nearest
   * ancestor that has (or may have) such a group next to where we stand.
   */
  below(group: GroupNode, groups: readonly string[], name: string): readonly Segment[] {
    const [first = ''] = groups;
    for (let place: GroupNode | undefined = group; place; place = place.parent) {
      if (place.name === first) return collectSegments(place, groups.slice(1), name);
      const own = place === group;
      const inner = own ? [] : this.#beside(place, first);
      const found = own
        ? collectSegments(place, groups, name)
        : inner.flatMap((child) => collectSegments(child, groups.slice(1), name));
      const grammar = this.#grammar.get(place);
      if (found.length > 0 || (grammar && mayHaveGroup(grammar, first, own))) return found;
    }
    return none;
  }

  /** The child groups of that name, and those within child groups that cannot repeat. */
  #beside(group: GroupNode, name: string): readonly GroupNode[] {
    const byName = this.#besides.get(group) ?? new Map<string, readonly GroupNode[]>();
    this.#besides.set(group, byName);
    let found = byName.get(name);
    if (!found) {
      found = group.groups.flatMap((child) => {
        if (child.name === name) return [child];
        return this.#repeats(child) ? [] : this.#beside(child, name);
      });
      byName.set(name, found);
    }
    return found;
  }

  /** Groups of the message by their names, the last of which is their own. */
  groups(names: readonly string[]): readonly GroupNode[] {
    return [...collectGroups(this.root, names)];
  }

  /** All segments of a name, anywhere; with group names, only in such groups. */
  anywhere(groups: readonly string[], name: string): readonly Segment[] {
    const path = groups.length === 0 ? name : [...groups, name].join('.');
    let found = this.#anywhere.get(path);
    if (!found) this.#anywhere.set(path, (found = collectSegments(this.root, groups, name)));
    return found;
  }
}

function mayStand(grammar: GrammarNode, name: string): boolean {
  return (grammar.children ?? []).some((child) =>
    child.children ? !child.repeats && mayStand(child, name) : child.all.has(name),
  );
}

/** Whether the grammar has a group of that name: anywhere below, or only without crossing one that repeats. */
function mayHaveGroup(grammar: GrammarNode, name: string, anywhere: boolean): boolean {
  return (grammar.children ?? []).some(
    (child) =>
      child.children !== undefined &&
      (child.name === name ||
        ((anywhere || !child.repeats) && mayHaveGroup(child, name, anywhere))),
  );
}

function collectSegments(
  group: GroupNode,
  groups: readonly string[],
  name: string,
  found: Segment[] = [],
): Segment[] {
  for (const child of group.children) {
    if (!('groups' in child)) {
      if (groups.length === 0 && child.name === name) found.push(child);
      continue;
    }
    collectSegments(child, child.name === groups[0] ? groups.slice(1) : groups, name, found);
  }
  return found;
}

function* collectGroups(group: GroupNode, names: readonly string[]): Iterable<GroupNode> {
  for (const child of group.groups) {
    if (child.name !== names[0]) yield* collectGroups(child, names);
    else if (names.length === 1) yield child;
    else yield* collectGroups(child, names.slice(1));
  }
}
