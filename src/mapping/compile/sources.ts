import type { Element } from '../../hl7v2/message.ts';
import type { At, SlotRule } from '../language/model.ts';
import type { SegmentPath, SourcePath } from '../language/path-syntax.ts';
import type { Frame, PathReader, Target } from '../run/compiled.ts';
import { frameOf, segmentFrame, withValue } from '../run/frame.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { compileCondition } from './conditions.ts';
import { checkSegment, compilePath, segmentsOf } from './paths.ts';

/** The values of a slot, each as the frame in which it is converted. */
export interface ValueSource {
  readonly frames: (frame: Frame, target: Target) => readonly Frame[];
  readonly v2Type: string;
  /** Whether it gives segments (`each: NTE`), which have no value of their own. */
  readonly segments: boolean;
  readonly text: string;
}

/** `from`, `each` and `first`; undefined where the slot has none of them or its paths are faulty. */
export function compileSource(
  rule: SlotRule,
  scope: ValueScope,
  compiler: Compiler,
): ValueSource | undefined {
  const { source } = rule;
  const found =
    source.kind === 'from'
      ? oneSource([source.path], { scope, compiler, all: false })
      : source.kind === 'first'
        ? oneSource(source.paths, { scope, compiler, all: rule.join !== undefined })
        : source.kind === 'each'
          ? eachSource(source.paths, scope, compiler)
          : undefined;
  if (!found || !rule.where) return found;
  const holds = compileCondition(rule.where, { ...scope, valueType: found.v2Type }, compiler);
  return { ...found, frames: (frame, target) => heldFrames(found, { frame, target, holds }) };
}

/** What `where` turns away is not read: it is for the loss report. */
function heldFrames(
  source: ValueSource,
  given: {
    readonly frame: Frame;
    readonly target: Target;
    readonly holds: (frame: Frame) => boolean;
  },
): readonly Frame[] {
  const { frame, target, holds } = given;
  let all = none;
  frame.run.reading(() => {
    all = source.frames(frame, target);
    return false;
  });
  const held = all.filter(holds);
  for (const { value } of held) {
    if (!value) continue;
    const { segmentIndex, field = 0, repetition = 0 } = value.position;
    frame.run.markRead(segmentIndex, field, repetition);
  }
  return held;
}

function oneSource(
  paths: readonly At<SourcePath>[],
  { scope, compiler, all }: { scope: ValueScope; compiler: Compiler; all: boolean },
): ValueSource | undefined {
  const readers = paths.flatMap((path) => compilePath(path, scope, compiler) ?? []);
  const [first] = readers;
  if (!first) return undefined;
  return {
    v2Type: first.v2Type,
    segments: false,
    text: readers.map(({ text }) => text).join('|'),
    frames: all ? everyFrame(readers) : firstFrame(readers),
  };
}

const none: readonly Frame[] = [];

function firstFrame(readers: readonly PathReader[]): ValueSource['frames'] {
  return (frame, target) => {
    for (const reader of readers) {
      const element = reader.said(frame);
      const state = element?.state;
      if (state === 'null') target.sawNull = true;
      if (element && state === 'value') return [valueFrame(frame, element)];
    }
    return none;
  };
}

function everyFrame(readers: readonly PathReader[]): ValueSource['frames'] {
  return (frame, target) => readers.flatMap((reader) => firstFrame([reader])(frame, target));
}

function eachSource(
  paths: readonly At<SourcePath>[],
  scope: ValueScope,
  compiler: Compiler,
): ValueSource | undefined {
  const segmentPaths = paths.filter(({ value }) => isSegment(value));
  const [segment] = segmentPaths;
  if (segment) {
    if (paths.length > 1) {
      compiler.issues.add(segment.place, '`each` over a segment takes one segment, not a list');
    }
    const path = segment.value as SegmentPath;
    checkSegment(path.segment, segment.place, compiler);
    return {
      v2Type: 'ST',
      segments: true,
      text: path.text,
      frames: (frame) => segmentFrames(path, frame),
    };
  }
  const readers = paths.flatMap((path) => compilePath(path, scope, compiler) ?? []);
  const [first] = readers;
  if (!first) return undefined;
  return {
    v2Type: first.v2Type,
    segments: false,
    text: readers.map(({ text }) => text).join('|'),
    frames: (frame, target) => eachFrames(readers, frame, target),
  };
}

function eachFrames(
  readers: readonly PathReader[],
  frame: Frame,
  target: Target,
): readonly Frame[] {
  let found: Frame[] | undefined;
  for (const reader of readers) {
    for (const element of reader.all(frame)) {
      const { state } = element;
      if (state === 'null') target.sawNull = true;
      if (state !== 'value') continue;
      const inner = valueFrame(frame, element);
      // A list that begins empty makes room for a dozen, and nearly always there is one.
      if (found === undefined) found = [inner];
      else found.push(inner);
    }
  }
  return found ?? none;
}

function isSegment(path: SourcePath): boolean {
  return path.kind === 'segment' && path.field === undefined;
}

function segmentFrames(path: SegmentPath, frame: Frame): Frame[] {
  const { run } = frame;
  return segmentsOf(path, frame).map((segment) => segmentFrame(run, segment));
}

/** The frame of a value: with the segment it stands in, and that segment's group. */
export function valueFrame(frame: Frame, value: Element): Frame {
  const { run, group, segment } = frame;
  const { segmentIndex } = value.position;
  if (segment?.index === segmentIndex) return withValue(frame, value);
  const own = run.message.segments[segmentIndex];
  return frameOf(run, own ? run.scope.groupOf(own) : group, own, value);
}
