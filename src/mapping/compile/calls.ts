import type { Json } from '../../fhir/resource.ts';
import { uriText } from '../datatypes/convert.ts';
import type { Frame, Target } from '../run/compiled.ts';
import { withValue } from '../run/frame.ts';
import type { SlotRule, SlotSource } from '../language/model.ts';
import { suggestion } from '../map-issue.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { isPrimitive, type ElementPlace } from './element.ts';
import { mapFunctions, type Argument, type MapFunction } from './functions.ts';
import { give, type SlotWrite } from './give.ts';
import type { SlotBody } from '../run/compiled.ts';
import { compileSource } from './sources.ts';
import { textElement } from './text-element.ts';

type Call = Extract<SlotSource, { kind: 'call' }>;
type ArgumentReader = (frame: Frame, target: Target) => Argument | undefined;

interface CallScope {
  readonly element: ElementPlace;
  readonly scope: ValueScope;
  readonly compiler: Compiler;
  readonly write: SlotWrite;
}

/** `call`: a named function over the first values of its arguments. */
export function compileCall(rule: SlotRule, call: Call, at: CallScope): SlotBody {
  const { compiler, element, write } = at;
  const found = Object.hasOwn(mapFunctions, call.function.value)
    ? mapFunctions[call.function.value]
    : undefined;
  if (!found) {
    const hint = suggestion(call.function.value, Object.keys(mapFunctions));
    compiler.issues.add(
      call.function.place,
      `There is no function \`${call.function.value}\`${hint}`,
    );
    return () => false;
  }
  reportArguments(call, found, compiler);
  const type = resultType(found, rule, at);
  const fit = (value: Json): Json =>
    type === 'uri' && typeof value === 'string' ? uriText(value) : value;
  const readers = [...call.args].map(([name, arg]) => [name, compileArgument(arg, at)] as const);
  return (frame, target) => {
    const args = Object.fromEntries(readers.map(([name, read]) => [name, read(frame, target)]));
    if (found.required.some((name) => args[name] === undefined)) return false;
    const first = readers.map(([name]) => args[name]?.element).find((value) => value !== undefined);
    const { run } = frame;
    const conversion = run.conversionOf(first);
    const typed = found.run(args, { conversion, run });
    const converted = typed && { typed: { type, value: fit(typed.value) }, table: undefined };
    const from = first ? withValue(frame, first) : frame;
    return give(write, { frame: from, target, converted });
  };

  function resultType(
    fn: MapFunction,
    slot: SlotRule,
    { element: { leaf, text } }: CallScope,
  ): string {
    const wanted = slot.as?.value ?? fn.gives;
    const kind = jsonKind(fn.gives);
    const fitting =
      leaf.types.find((one) => one === wanted) ??
      leaf.types.find((one) => isPrimitive(one) && jsonKind(one) === kind);
    if (fitting === undefined) {
      const what = `\`${call.function.value}\` gives ${fn.gives}`;
      compiler.issues.add(
        call.function.place,
        `${what}; \`${text}\` is ${leaf.types.join(' or ')}`,
      );
    }
    return fitting ?? element.leaf.types[0] ?? '';
  }
}

/** What a primitive is in JSON: a text does not become a number or a boolean. */
function jsonKind(type: string): 'number' | 'boolean' | 'text' {
  if (type === 'boolean') return 'boolean';
  return /^(decimal|integer|positiveInt|unsignedInt)$/.test(type) ? 'number' : 'text';
}

function reportArguments(call: Call, found: MapFunction, { issues }: Compiler): void {
  const known = [...found.required, ...found.optional];
  for (const [name, { place }] of call.args) {
    if (known.includes(name)) continue;
    const list = known.length === 0 ? 'none' : known.join(', ');
    issues.add(place, `\`${call.function.value}\` has no argument \`${name}\`; it takes ${list}`);
  }
  for (const name of found.required) {
    if (call.args.has(name)) continue;
    issues.add(call.function.place, `\`${call.function.value}\` needs the argument \`${name}\``);
  }
}

function compileArgument(arg: SlotRule, { scope, compiler }: CallScope): ArgumentReader {
  if (arg.source.kind === 'const') {
    const { value } = arg.source.value;
    const text = typeof value === 'object' ? '' : String(value);
    return (frame) => {
      const segmentIndex = frame.segment?.index ?? 0;
      const position = { segment: frame.segment?.name ?? 'MSH', segmentIndex };
      return { element: textElement(text, position), v2Type: 'ST' };
    };
  }
  const values = compileSource(arg, scope, compiler);
  if (!values) {
    compiler.issues.add(
      arg.place,
      `The argument \`${arg.name}\` must be a path, \`first\` or \`const\``,
    );
    return () => undefined;
  }
  return (frame, target) => {
    const value = values.frames(frame, target)[0]?.value;
    return value && { element: value, v2Type: values.v2Type };
  };
}
