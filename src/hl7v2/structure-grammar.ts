import { structureText } from './dictionary.ts';

/** A segment, a choice of segments, or a group in a message structure. */
export interface GrammarNode {
  /** Segment or group name; of a choice the names joined by `/`. */
  readonly name: string;
  readonly required: boolean;
  readonly repeats: boolean;
  /** Of a group; absent for a segment. */
  readonly children?: readonly GrammarNode[];
  /** Names of the segments that can stand here first: of a segment itself. */
  readonly first: ReadonlySet<string>;
  /** Of a group: `first`, and what could stand first if leading required segments were forgotten. */
  readonly reach: ReadonlySet<string>;
  /** Every segment name inside. */
  readonly all: ReadonlySet<string>;
  /** Of a group: by segment name, its children in whose `first`, `reach` and `all` it is; each is asked for every segment. */
  readonly places?: Readonly<Record<'first' | 'reach' | 'all', ChildrenByName>>;
}

/** Indexes of children by segment name. */
type ChildrenByName = ReadonlyMap<string, readonly number[]>;

const compiled = new Map<string, GrammarNode | undefined>();

/** The grammar of a structure such as `ORU_R01`, or undefined where HL7 has none. Compiled once. */
export function structureGrammar(structure: string): GrammarNode | undefined {
  // Whatever a sender writes into MSH-9.3 must not fill the cache.
  const text = structureText(structure);
  if (text === undefined) return undefined;
  const known = compiled.get(structure);
  if (known) return known;
  const grammar = compileStructure(structure, text);
  compiled.set(structure, grammar);
  return grammar;
}

/** Compiles the text form that {@link structureText} describes. */
function compileStructure(name: string, text: string): GrammarNode {
  const tokens = text.match(/[A-Z0-9_/]+[?*+]?|[()]/g) ?? [];
  let at = 0;
  const readChildren = (): GrammarNode[] => {
    const nodes: GrammarNode[] = [];
    for (let token = tokens[at]; token !== undefined && token !== ')'; token = tokens[at]) {
      at += 1;
      const often = /[?*+]$/.exec(token)?.[0] ?? '';
      const named = { name: often === '' ? token : token.slice(0, -1), ...quantities(often) };
      if (tokens[at] === '(') {
        at += 1;
        nodes.push(groupNode(named, readChildren()));
        at += 1;
      } else {
        nodes.push(segmentNode(named));
      }
    }
    return nodes;
  };
  return groupNode({ name, required: true, repeats: false }, readChildren());
}

type Named = Pick<GrammarNode, 'name' | 'required' | 'repeats'>;

function quantities(often: string): { required: boolean; repeats: boolean } {
  return { required: often === '' || often === '+', repeats: often === '*' || often === '+' };
}

function segmentNode(named: Named): GrammarNode {
  const names = new Set(named.name.split('/'));
  return { ...named, first: names, reach: names, all: names };
}

function groupNode(named: Named, children: readonly GrammarNode[]): GrammarNode {
  const firstRequired = children.findIndex((child) => child.required);
  const leading = firstRequired < 0 ? children : children.slice(0, firstRequired + 1);
  const union = (nodes: readonly GrammarNode[], key: 'first' | 'all'): ReadonlySet<string> =>
    new Set(nodes.flatMap((node) => [...node[key]]));
  return {
    ...named,
    children,
    first: union(leading, 'first'),
    reach: union(children, 'first'),
    all: union(children, 'all'),
    places: {
      first: childrenByName(children, 'first'),
      reach: childrenByName(children, 'reach'),
      all: childrenByName(children, 'all'),
    },
  };
}

function childrenByName(
  children: readonly GrammarNode[],
  key: 'first' | 'reach' | 'all',
): ChildrenByName {
  const found = new Map<string, number[]>();
  for (const [index, child] of children.entries()) {
    for (const name of child[key]) found.set(name, [...(found.get(name) ?? []), index]);
  }
  return found;
}
