import type { Json } from '../../fhir/resource.ts';
import type { CompiledSlot, Frame, MutableObject, Target } from '../run/compiled.ts';
import { fillSlots } from '../run/fill.ts';
import { targetOf } from '../run/frame.ts';
import { tell } from '../run/tell.ts';
import type { Converted, ValueConverter } from './converters.ts';
import { isObject, nextPath, placeValue, type ElementPlace } from './element.ts';

/** Which rule writes which element. */
export interface SlotWrite {
  readonly rule: string;
  readonly element: ElementPlace;
}

interface Given {
  readonly frame: Frame;
  readonly target: Target;
  readonly converted: Converted | undefined;
}

/** Puts a converted value in its place and says so in the trace. */
export function give({ rule, element }: SlotWrite, { frame, target, converted }: Given): boolean {
  if (!converted) return false;
  const { typed, table } = converted;
  tell(frame, { target: nextPath(element, target, typed.type), rule, table });
  placeValue(element, target, typed);
  target.solid = true;
  return true;
}

interface GivenElement {
  readonly frame: Frame;
  readonly target: Target;
  readonly fill: readonly CompiledSlot[];
  /** Makes the element first; the slots are laid over it. */
  readonly convert?: ValueConverter | undefined;
}

/** An element filled by slots; not made where they give constants only, or miss a required one. */
export function giveElement(write: SlotWrite, given: GivenElement): boolean {
  const { frame, target, fill, convert } = given;
  const { run, value } = frame;
  const made = convert && value ? convert(value, frame) : undefined;
  if (convert && !made) return false;
  const type = made?.typed.type ?? write.element.leaf.types[0] ?? '';
  const path = nextPath(write.element, target, type);
  const inner = targetOf({}, path, target.instance);
  inner.solid = made !== undefined;
  const traced = run.trace.length;
  if (made) tell(frame, { target: path, rule: write.rule, table: made.table });
  if (!fillSlots(fill, frame, inner) || !(inner.solid || inner.linked)) {
    run.trace.length = traced;
    return false;
  }
  placeValue(write.element, target, { type, value: laidOver(made?.typed.value, inner.object) });
  target.solid ||= inner.solid;
  target.linked ||= inner.linked;
  return true;
}

function laidOver(made: Json | undefined, own: MutableObject): MutableObject {
  if (!isObject(made)) return own;
  const laid = { ...made, ...own };
  const { extension: first } = made;
  const { extension: second } = own;
  if (Array.isArray(first) && Array.isArray(second))
    laid['extension'] = [...(first as Json[]), ...second];
  return laid;
}
