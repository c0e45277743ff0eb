import type { At, SlotRule } from '../language/model.ts';
import { fillSlots } from '../run/fill.ts';
import type { CompiledSlot, Frame, Instance, MutableObject, Target } from '../run/compiled.ts';
import { targetOf } from '../run/frame.ts';
import { tell } from '../run/tell.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { compileConverter } from './converters.ts';
import { isObject, nextPath, placeValue, type ElementPlace } from './element.ts';
import { give, type SlotWrite } from './give.ts';
import { compileMatch } from './match.ts';
import { checkReference, findInstances, instanceOfValue } from './references.ts';
import type { SlotBody } from '../run/compiled.ts';
import type { ValueSource } from './sources.ts';

interface LinkScope {
  readonly element: ElementPlace;
  readonly scope: ValueScope;
  readonly compiler: Compiler;
  readonly write: SlotWrite;
}

/** `ref`: references to instances of other resources of the map. */
export function compileLinks(
  rule: SlotRule,
  names: readonly At<string>[],
  { element, scope, compiler, write }: LinkScope,
): SlotBody {
  checkReference(names, element, compiler);
  const targets = names.map(({ value }) => value);
  const slots = rule.set ? compiler.compileSlots(rule.set, 'Reference', { scope, compiler }) : [];
  const find = rule.match
    ? compileMatch(targets, rule.match.value, { scope, compiler })
    : (frame: Frame) => findInstances(targets, frame);
  return (frame, target) => {
    const found = find(frame).filter((one) => one !== target.instance);
    const wanted = element.leaf.array ? found : found.slice(0, 1);
    for (const instance of wanted) link(instance, {}, { frame, target, write, slots });
    return wanted.length > 0;
  };
}

/** `to`: the instance made from the value itself, with what the value says of it; else a logical Reference. */
export function compileValueLink(
  rule: SlotRule,
  to: At<string>,
  { element, scope, compiler, write, values }: LinkScope & { readonly values: ValueSource },
): SlotBody {
  checkReference([to], element, compiler);
  const convert = compileConverter(rule, values.v2Type, { element, scope, compiler });
  const inner = { ...scope, valueType: values.v2Type };
  const slots = rule.set
    ? compiler.compileSlots(rule.set, 'Reference', { scope: inner, compiler })
    : [];
  return (frame, target) => {
    let given = false;
    for (const valueFrame of values.frames(frame, target)) {
      if (given && !element.leaf.array) break;
      const { value } = valueFrame;
      const converted = value && convert(value, valueFrame);
      const instance = instanceOfValue(to.value, valueFrame);
      if (instance) {
        const logical = converted?.typed.value;
        const holder = isObject(logical) ? { ...logical } : {};
        link(instance, holder, { frame: valueFrame, target, write, slots });
        given = true;
      } else {
        given = give(write, { frame: valueFrame, target, converted }) || given;
      }
    }
    return given;
  };
}

interface LinkWrite {
  readonly frame: Frame;
  readonly target: Target;
  readonly write: SlotWrite;
  readonly slots: readonly CompiledSlot[];
}

/** Sets a Reference whose address is filled in when all resources are made. */
function link(
  instance: Instance,
  said: MutableObject,
  { frame, target, write, slots }: LinkWrite,
): void {
  const path = nextPath(write.element, target, 'Reference');
  tell(frame, { target: path, rule: write.rule });
  const holder: MutableObject = { reference: '', ...said };
  if (slots.length > 0) fillSlots(slots, frame, targetOf(holder, path, target.instance));
  const { container, key } = placeValue(write.element, target, {
    type: 'Reference',
    value: holder,
  });
  frame.run.links.push({ holder, to: instance, container, key });
  target.linked = true;
}
