import type { GroupNode } from '../../hl7v2/grammar.ts';
import type { Element, Segment } from '../../hl7v2/message.ts';
import type { Frame, Instance, MessageRun, MutableObject, Target } from './compiled.ts';

// Frames and targets are made by the hundred for each message and read by every rule. Each is made in one place, so that all have
// one shape: what reads them is then compiled for it.

/** From where paths are resolved. */
export function frameOf(
  run: MessageRun,
  group: GroupNode,
  segment?: Segment,
  value?: Element,
): Frame {
  return { run, group, segment, value };
}

/** The same place with another value at hand. */
export function withValue({ run, group, segment }: Frame, value: Element): Frame {
  return frameOf(run, group, segment, value);
}

/** A segment's frame, with the group that it stands in. */
export function segmentFrame(run: MessageRun, segment: Segment): Frame {
  return frameOf(run, run.scope.groupOf(segment), segment);
}

/** What is filled next, of which nothing is known yet. */
export function targetOf(object: MutableObject, path: string, instance: Instance): Target {
  return { object, path, instance, solid: false, linked: false, sawNull: false };
}
