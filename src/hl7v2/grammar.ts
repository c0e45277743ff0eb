import type { Message, Segment } from './message.ts';
import { parseWarning, type ParseIssue } from './parse-issue.ts';
import { structureGrammar, type GrammarNode } from './structure-grammar.ts';
import { deriveStructure } from './structure.ts';

/** A group of a message: what belongs together, such as one OBX and its notes. */
export interface GroupNode {
  /** Such as `ORDER_OBSERVATION`; of the root the structure, such as `ORU_R01`. */
  readonly name: string;
  /** Which one among its siblings of the same name, from 0. */
  readonly repetition: number;
  readonly parent?: GroupNode;
  /** Segments and groups in document order. */
  readonly children: readonly (Segment | GroupNode)[];
  /** The segments among the children. */
  readonly segments: readonly Segment[];
  /** The groups among the children. */
  readonly groups: readonly GroupNode[];
}

/** Tells the two kinds of children apart. */
export function isGroup(child: Segment | GroupNode): child is GroupNode {
  return 'groups' in child;
}

/**
 * The structure whose grammar a message follows: MSH-9.3 in its canonical form (`ADT_A08` is `ADT_A01`),
 * else by MSH-9.1 and MSH-9.2. Where HL7 has no such structure, MSH-9.3 as it stands.
 */
export function canonicalStructure(message: Message): string {
  const [code = '', trigger = ''] = message.structure.split('_');
  const [typeCode = '', typeTrigger = ''] = message.type.split('^');
  const candidates = [
    deriveStructure(code, trigger),
    message.structure,
    deriveStructure(typeCode, typeTrigger),
  ];
  return candidates.find((name) => structureGrammar(name) !== undefined) ?? message.structure;
}

/**
 * Groups the segments of a message by its structure, in the newest definition of it: one tree per
 * structure, whatever version a sender names. Never fails: Z segments, segments that the structure does
 * not have, and segments in a place that makes no sense stay in the group where they stand, and all
 * but Z segments are reported. Without a grammar all segments are in one flat group.
 *
 * A segment is looked for, in this order and each time from the innermost open group outwards:
 * 1. where the grammar goes on (also as a new repetition);
 * 2. earlier in an open group, where it may still stand (out of order);
 * 3. in a group whose leading segments were forgotten (RXA without ORC);
 * 4. as one too many of a kind;
 * 5. in a group within groups of which nothing was there yet (OBX before PID and OBR).
 * Comments (NTE, PRT, ..) take step 1 only: misplaced, they would speak about something else.
 */
export function groupSegments(
  message: Message,
  report: (issue: ParseIssue) => void = () => undefined,
): GroupNode {
  const structure = canonicalStructure(message);
  const grammar = structureGrammar(structure);
  if (!grammar) {
    const text = 'The message structure is not one of HL7; its segments were not grouped';
    report(parseWarning('segment-sequence', text, 'MSH-9'));
    return flatGroup(structure, message.segments);
  }
  const open: OpenGroup[] = [openGroup(grammar, 0)];
  const root = open[0] as OpenGroup;
  for (const segment of message.segments) {
    const problem = place(segment, open, grammar);
    if (problem === undefined || segment.name.startsWith('Z')) continue;
    const location = `${segment.name}[${String(segment.index)}]`;
    report(parseWarning('segment-sequence', `${segment.name} ${problem}`, location));
  }
  return root.node;
}

interface MutableGroup extends GroupNode {
  readonly children: (Segment | GroupNode)[];
  readonly segments: Segment[];
  readonly groups: GroupNode[];
}

/** A group that can still take segments. */
interface OpenGroup {
  readonly grammar: GrammarNode;
  readonly node: MutableGroup;
  /** Where in the grammar's children the last segment or group was. */
  at: number;
  /** How many of each of the grammar's children there are. */
  readonly counts: number[];
}

/** Segments that say something about what stands before them. */
const comments: ReadonlySet<string> = new Set(['NTE', 'PRT', 'ROL', 'CTD', 'VAR']);

/** Where a segment may stand in an open group. */
interface Step {
  /** Which children are looked at: those in this of which it is. */
  readonly among: 'first' | 'reach' | 'all';
  readonly fits: (child: GrammarNode, index: number, group: OpenGroup) => boolean;
  readonly problem?: string;
}

const goesOn: Step['fits'] = (child, index, group) =>
  index >= group.at && mayCome(child, index, group);

const steps: readonly Step[] = [
  { among: 'first', fits: goesOn },
  {
    among: 'first',
    fits: (child, index, group) => index < group.at && mayCome(child, index, group),
    problem: 'stands out of order',
  },
  {
    among: 'reach',
    fits: goesOn,
    problem: 'stands without the segment that begins its group',
  },
  {
    among: 'first',
    fits: (child) => child.children === undefined,
    problem: 'comes more often than its structure allows',
  },
  { among: 'all', fits: goesOn, problem: 'stands before what it belongs to' },
];

const onlyOnwards = steps.slice(0, 1);

function mayCome(child: GrammarNode, index: number, group: OpenGroup): boolean {
  return child.repeats || group.counts[index] === 0;
}

/** Puts a segment into the tree; `open` goes from the root to the innermost group. Says what was odd. */
function place(segment: Segment, open: OpenGroup[], grammar: GrammarNode): string | undefined {
  const { name } = segment;
  const innermost = open.at(-1) as OpenGroup;
  if (!grammar.all.has(name)) {
    add(innermost, segment);
    return 'is not part of the message structure';
  }
  for (const step of comments.has(name) ? onlyOnwards : steps) {
    for (let depth = open.length - 1; depth >= 0; depth -= 1) {
      const index = childFor(name, open[depth] as OpenGroup, step);
      if (index === undefined) continue;
      open.length = depth + 1;
      enter(segment, index, open);
      return step.problem;
    }
  }
  add(innermost, segment);
  return 'has no place here; it was left in the group before it';
}

function childFor(name: string, group: OpenGroup, { among, fits }: Step): number | undefined {
  const { children = [], places } = group.grammar;
  for (const index of places?.[among].get(name) ?? []) {
    if (fits(children[index] as GrammarNode, index, group)) return index;
  }
  return undefined;
}

/** Adds a segment at a child of the innermost group, opening the groups on the way. */
function enter(segment: Segment, index: number, open: OpenGroup[]): void {
  const group = open.at(-1) as OpenGroup;
  const child = group.grammar.children?.[index] as GrammarNode;
  group.at = index;
  const count = (group.counts[index] ?? 0) + 1;
  group.counts[index] = count;
  if (!child.children) {
    add(group, segment);
    return;
  }
  const inner = openGroup(child, count - 1, group.node);
  open.push(inner);
  enter(segment, way(child.children, segment.name), open);
}

/** Which child leads to a segment: where it comes first, else with the fewest left out before it. */
function way(children: readonly GrammarNode[], name: string): number {
  const indexOf = (key: 'first' | 'reach' | 'all'): number =>
    children.findIndex((node) => node[key].has(name));
  return [indexOf('first'), indexOf('reach'), indexOf('all')].find((index) => index >= 0) ?? -1;
}

function add(group: OpenGroup, segment: Segment): void {
  group.node.children.push(segment);
  group.node.segments.push(segment);
}

function openGroup(grammar: GrammarNode, repetition: number, parent?: MutableGroup): OpenGroup {
  const base = { name: grammar.name, repetition, children: [], segments: [], groups: [] };
  const node: MutableGroup = parent ? { ...base, parent } : base;
  parent?.children.push(node);
  parent?.groups.push(node);
  return { grammar, node, at: 0, counts: (grammar.children ?? []).map(() => 0) };
}

function flatGroup(name: string, segments: readonly Segment[]): GroupNode {
  return { name, repetition: 0, children: segments, segments, groups: [] };
}
