import { componentDefinition, fieldDefinition, knownSegment } from '../../hl7v2/dictionary.ts';
import type { Element, Segment } from '../../hl7v2/message.ts';
import type { At } from '../language/model.ts';
import type { RelativePath, SegmentPath, SourcePath } from '../language/path-syntax.ts';
import { suggestion, type MapPlace } from '../map-issue.ts';
import type { Frame, PathReader } from '../run/compiled.ts';
import type { Compiler, ValueScope } from './compiler.ts';

/** A path to a value. Reports unknown segments, fields, components and settings. */
export function compilePath(
  { value: path, place }: At<SourcePath>,
  scope: ValueScope,
  compiler: Compiler,
): PathReader | undefined {
  if (path.kind === 'relative') return relativeReader(path, { scope, compiler, place });
  if (path.kind === 'setting') {
    compiler.issues.add(
      place,
      `A setting has no value of a message; read \`${path.text}\` in \`when\``,
    );
    return undefined;
  }
  if (path.field === undefined) {
    compiler.issues.add(place, `\`${path.text}\` needs a field here, such as \`${path.text}-1\``);
    return undefined;
  }
  return segmentReader(path, path.field, { compiler, place });
}

interface PathPlace {
  readonly compiler: Compiler;
  readonly place: MapPlace;
}

function segmentReader(path: SegmentPath, field: number, where: PathPlace): PathReader {
  const narrow = narrower(path);
  const wanted = path.repetition === undefined ? undefined : path.repetition - 1;
  const index = wanted ?? 0;
  const first = (segment: Segment, { run }: Frame): Element | undefined => {
    const element = segment.field(field);
    const { repetition: separator } = run.message.encoding;
    const plain = separator === '' || !element.raw.includes(separator);
    if (plain) return index > 0 ? undefined : element;
    return element.repetitions()[index];
  };
  const read = (segment: Segment, frame: Frame): Element | undefined => {
    const element = first(segment, frame);
    if (!element) return undefined;
    frame.run.markRead(segment.index, field, index);
    return narrow(element);
  };
  return {
    text: path.text,
    v2Type: segmentPathType(path, where),
    one: (frame) => {
      const segment = firstSegment(path, frame);
      return segment && read(segment, frame);
    },
    said: (frame) => {
      const segment = firstSegment(path, frame);
      return segment?.hasText(field) === true ? read(segment, frame) : undefined;
    },
    all: (frame) => {
      const own = ownSegment(path, frame);
      if (own) return repetitionsOf(own, frame);
      const segments = segmentsElsewhere(path, frame);
      const [only] = segments;
      if (only === undefined) return none;
      if (segments.length === 1) return repetitionsOf(only, frame);
      return segments.flatMap((segment) => repetitionsOf(segment, frame));
    },
  };

  function repetitionsOf(segment: Segment, { run }: Frame): readonly Element[] {
    if (!segment.hasText(field)) return none;
    const repetitions = segment.field(field).repetitions();
    for (let at = 0; at < repetitions.length; at += 1) {
      if (wanted === undefined || at === wanted) run.markRead(segment.index, field, at);
    }
    if (wanted !== undefined) return repetitions.slice(wanted, wanted + 1).map(narrow);
    return path.component === undefined ? repetitions : repetitions.map(narrow);
  }
}

const none: readonly never[] = [];

/** The segments that a path means from a frame: the one at hand, else those in scope. */
export function segmentsOf(path: SegmentPath, frame: Frame): readonly Segment[] {
  const own = ownSegment(path, frame);
  return own ? [own] : segmentsElsewhere(path, frame);
}

function firstSegment(path: SegmentPath, frame: Frame): Segment | undefined {
  return ownSegment(path, frame) ?? segmentsElsewhere(path, frame)[0];
}

function ownSegment({ groups, segment: name }: SegmentPath, frame: Frame): Segment | undefined {
  const { segment } = frame;
  return groups.length === 0 && segment?.name === name ? segment : undefined;
}

function segmentsElsewhere(path: SegmentPath, frame: Frame): readonly Segment[] {
  const { groups, segment: name } = path;
  const { message, scope } = frame.run;
  // Most messages have none of most segments.
  if (message.segment(name) === undefined) return none;
  return groups.length > 0
    ? scope.below(frame.group, groups, name)
    : scope.visible(frame.group, name);
}

function narrower(path: {
  readonly component?: number;
  readonly subcomponent?: number;
}): (element: Element) => Element {
  const { component, subcomponent } = path;
  if (component === undefined) return (element) => element;
  if (subcomponent === undefined) return (element) => element.component(component);
  return (element) => element.component(component).subcomponent(subcomponent);
}

function relativeReader(
  path: RelativePath,
  { scope, compiler, place }: PathPlace & { readonly scope: ValueScope },
): PathReader | undefined {
  const { valueType } = scope;
  if (valueType === undefined) {
    const where = 'inside a slot with `from` or `each`, or in a resource made from a field';
    compiler.issues.add(
      place,
      `\`${path.text}\` is relative to a value, but there is none; use it ${where}`,
    );
    return undefined;
  }
  const narrow = relativeNarrower(path);
  const one = (frame: Frame): Element | undefined => {
    if (!frame.value) return undefined;
    const { segmentIndex, field = 0, repetition = 0 } = frame.value.position;
    frame.run.markRead(segmentIndex, field, repetition);
    return narrow(frame.value);
  };
  return {
    text: path.text,
    v2Type: componentType(valueType, path, { compiler, place }),
    one,
    said: one,
    all: (frame) => one(frame)?.repetitions() ?? [],
  };
}

/** Within a component, `"2"` is its second subcomponent. */
function relativeNarrower({ component, subcomponent }: RelativePath): (value: Element) => Element {
  if (component === undefined) return (value) => value;
  return (value) => {
    if (value.level === 'component') return value.subcomponent(component);
    const found = value.component(component);
    return subcomponent === undefined ? found : found.subcomponent(subcomponent);
  };
}

function segmentPathType(path: SegmentPath, where: PathPlace): string {
  const { compiler, place } = where;
  const { segment, field = 0 } = path;
  if (segment.startsWith('Z')) return 'ST';
  if (!knownSegment(segment)) {
    compiler.issues.add(
      place,
      `HL7 has no segment \`${segment}\`; a segment of your own begins with Z`,
    );
    return 'ST';
  }
  const definition = fieldDefinition(segment, field);
  if (!definition) {
    compiler.issues.add(place, `\`${segment}\` has no field ${String(field)}${lastField(segment)}`);
    return 'ST';
  }
  return componentType(definition.dataType, path, where);
}

function lastField(segment: string): string {
  let last = 0;
  for (let field = 1; field < 130; field += 1) if (fieldDefinition(segment, field)) last = field;
  return `; its last is \`${segment}-${String(last)}\``;
}

/** v2 type of a component or subcomponent of a type. */
function componentType(
  v2Type: string,
  path: { readonly text: string; readonly component?: number; readonly subcomponent?: number },
  where: PathPlace,
): string {
  let found = v2Type;
  for (const number of [path.component, path.subcomponent]) {
    if (number === undefined) continue;
    const next = stepType(found, number);
    if (next === undefined) {
      const message = `\`${found}\` has no component ${String(number)} (\`${path.text}\`)`;
      where.compiler.issues.add(
        where.place,
        `${message}; look it up in the definition of the type`,
      );
      return 'ST';
    }
    found = next;
  }
  return found;
}

function stepType(v2Type: string, number: number): string | undefined {
  if (v2Type === 'VARIES' || v2Type === 'ST') return 'ST';
  const definition = componentDefinition(v2Type, number);
  if (definition) return definition.dataType;
  return componentDefinition(v2Type, 1) === undefined ? (number === 1 ? v2Type : 'ST') : undefined;
}

/** A segment that a map names, or a report that there is none. */
export function checkSegment(name: string, place: MapPlace, { issues }: Compiler): void {
  if (name.startsWith('Z') || knownSegment(name)) return;
  issues.add(place, `HL7 has no segment \`${name}\`; a segment of your own begins with Z`);
}

/** The value of a setting, or a report that there is none of that name. */
export function checkSetting(name: string, place: MapPlace, { issues, settings }: Compiler): void {
  if (settings.has(name)) return;
  const hint = suggestion(name, settings.keys()) || '; declare it under `settings`';
  issues.add(place, `There is no setting \`${name}\`${hint}`);
}
