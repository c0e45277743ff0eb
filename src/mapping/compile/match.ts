import type { Frame, Instance, MessageRun, PathReader } from '../run/compiled.ts';
import type { At, MatchPair } from '../language/model.ts';
import type { SourcePath } from '../language/path-syntax.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { firstText } from './key-text.ts';
import { compilePath } from './paths.ts';
import { kept } from './references.ts';

interface CompiledPair {
  readonly theirs: readonly PathReader[];
  readonly mine: readonly PathReader[];
}

/**
 * The only instance of the message that says what the frame says: the parent of a susceptibility by OBR-26 and OBR-29. None where the
 * first pair is not valued here, or where several agree: a reference to the wrong organism is worse than none. A later pair that is
 * not valued here tells nothing.
 */
export function compileMatch(
  names: readonly string[],
  pairs: readonly MatchPair[],
  { scope, compiler }: { readonly scope: ValueScope; readonly compiler: Compiler },
): (frame: Frame) => readonly Instance[] {
  const compiled = pairs.map(({ theirs, mine }): CompiledPair => ({
    theirs: theirs.flatMap((path) => compilePath(path, { name: scope.name }, compiler) ?? []),
    mine: mine.flatMap((path: At<SourcePath>) => compilePath(path, scope, compiler) ?? []),
  }));
  const [first, ...others] = compiled;
  if (!first) return () => [];
  const byFirst = new WeakMap<MessageRun, ReadonlyMap<string, readonly Instance[]>>();
  const indexed = (run: MessageRun): ReadonlyMap<string, readonly Instance[]> => {
    const known = byFirst.get(run);
    if (known) return known;
    const all = names.flatMap((name) => run.instances.get(name) ?? []);
    const index = Map.groupBy(all, ({ frame }) => firstText(first.theirs, frame));
    byFirst.set(run, index);
    return index;
  };
  return (frame) => {
    const text = firstText(first.mine, frame);
    if (text === '') return [];
    const agreeing = (indexed(frame.run).get(text) ?? []).filter(({ frame: theirs }) =>
      others.every((pair) => agrees(pair, frame, theirs)),
    );
    const found = kept(agreeing, frame);
    return found.length === 1 ? found : [];
  };
}

function agrees({ theirs, mine }: CompiledPair, here: Frame, there: Frame): boolean {
  const text = firstText(mine, here);
  return text === '' || text === firstText(theirs, there);
}
