import type { Json } from '../../fhir/resource.ts';
import type { At, SlotRule } from '../language/model.ts';
import { checkConstant } from './bindings.ts';
import type { Compiler } from './compiler.ts';
import { isObject, isPrimitive, nextPath, placeValue, type ElementPlace } from './element.ts';
import type { SlotWrite } from './give.ts';
import type { SlotBody } from '../run/compiled.ts';
import { tellConstant } from '../run/tell.ts';

/** `const`: the same value for every message. A list feeds a repeating element one by one. */
export function compileConstant(
  { value, place }: At<Json>,
  rule: SlotRule,
  { element, compiler, write }: { element: ElementPlace; compiler: Compiler; write: SlotWrite },
): SlotBody {
  const type = constantType(value, rule, element);
  if (type === undefined) {
    const { leaf, text } = element;
    const types = leaf.types.join(' or ');
    compiler.issues.add(
      place,
      leaf.types.length > 1
        ? `\`${text}\` has several types; say which with \`as\``
        : `The constant does not fit \`${text}\`, which is ${types}`,
    );
    return () => false;
  }
  checkConstant(value, element, { compiler, place });
  const values = element.leaf.array && Array.isArray(value) ? (value as Json[]) : [value];
  return (frame, target) => {
    for (const one of values) {
      tellConstant(frame, nextPath(element, target, type), write.rule);
      placeValue(element, target, { type, value: isObject(one) ? { ...one } : one });
    }
    return true;
  };
}

/** The FHIR type of a constant: the element's, where its JSON fits. */
function constantType(value: Json, rule: SlotRule, { leaf }: ElementPlace): string | undefined {
  const wanted = rule.as?.value;
  const types = wanted !== undefined && leaf.types.includes(wanted) ? [wanted] : leaf.types;
  const one = leaf.array && Array.isArray(value) ? (value as Json[])[0] : value;
  if (Array.isArray(one) || one === null || one === undefined) return undefined;
  const fitting = types.filter((type) => fits(one, type));
  if (fitting.length === 1 || (fitting.length > 1 && types.length === 1)) return fitting[0];
  if (typeof one === 'object') return undefined;
  const natural =
    typeof one === 'boolean' ? 'boolean' : typeof one === 'number' ? 'integer' : 'string';
  return fitting.find((type) => type === natural);
}

const numbers: ReadonlySet<string> = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt']);

function fits(value: Json, type: string): boolean {
  if (!isPrimitive(type)) return typeof value === 'object';
  if (type === 'boolean') return typeof value === 'boolean';
  if (numbers.has(type)) return typeof value === 'number';
  return typeof value === 'string' || typeof value === 'number';
}
