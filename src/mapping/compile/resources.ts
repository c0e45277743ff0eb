import { isResourceType, resourceTypes, typeDefinition } from '../../fhir/definitions.ts';
import { feedUri } from '../../fhir/message-source.ts';
import { knownSegment } from '../../hl7v2/dictionary.ts';
import { authorityOf, authorityTypes } from '../datatypes/identifier.ts';
import { parsePath, type InstanceSource, type SourcePath } from '../language/path-syntax.ts';
import type { At, KeyPart, KeyRule, ResourceRule, ScopeRule } from '../language/model.ts';
import { ruleId, suggestion } from '../map-issue.ts';
import type { CompiledKey, CompiledResource, Frame, PathReader } from '../run/compiled.ts';
import { frameOf, segmentFrame } from '../run/frame.ts';
import { isNamed } from '../run/run.ts';
import type { Compiler, ValueScope } from './compiler.ts';
import { compileCondition } from './conditions.ts';
import { firstText } from './key-text.ts';
import { compilePath } from './paths.ts';
import { compilePerson } from './person.ts';
import { compileSlots } from './slots.ts';
import { valueFrame } from './sources.ts';

/** A resource of a map as functions of a message. `valueType` is for a segment map of a data type, checked alone. */
export function compileResource(
  rule: ResourceRule,
  compiler: Compiler,
  valueType?: string,
): CompiledResource | undefined {
  const type = rule.type.value;
  if (!isResourceType(type)) {
    const hint = suggestion(type, resourceTypes());
    compiler.issues.add(rule.type.place, `FHIR R4 has no resource \`${type}\`${hint}`);
    return undefined;
  }
  const scope =
    valueType === undefined ? resourceScope(rule, compiler) : { name: rule.name, valueType };
  const readers = keyReaders(rule.key, { scope, compiler });
  const slots = compileSlots(rule.set, type, { scope, compiler });
  // Parts of the message's Provenance; the commit gives the rest.
  const isPart = rule.write === 'provenance' && type === 'Provenance';
  if (rule.write !== 'never' && !isPart) reportMissing(rule, compiler);
  return {
    name: rule.name,
    rule: ruleId(rule.place),
    type,
    frames: compileFrames(rule.from, compiler),
    when: rule.when && compileCondition(rule.when, scope, compiler),
    key: rule.key?.kind === 'parts' ? compileKey(rule.key, readers) : undefined,
    person: rule.key?.kind === 'person' ? compilePerson(rule, rule.key, compiler) : undefined,
    scope: compileScope(rule.scope, { readers, scope, compiler }),
    sameKey: rule.sameKey,
    eventTime: compileOrder(rule.order, { scope, compiler }),
    clearsOnNull: rule.onNull === 'delete',
    write: rule.write,
    keep: rule.keep,
    slots,
  };
}

/** Slots that FHIR requires and no rule feeds. */
function reportMissing(rule: ResourceRule, { issues }: Compiler): void {
  const fed = new Set(rule.set.map(({ element }) => element.value[0]?.name));
  for (const [path, { min }] of typeDefinition(rule.type.value)?.elements ?? []) {
    if (min === 0 || path.includes('.')) continue;
    const name = path.replace('[x]', '');
    if ([...fed].some((one) => one === name || one?.startsWith(name))) continue;
    const what = `${rule.type.value}.${path}`;
    issues.add(rule.place, `FHIR requires \`${what}\`, but no slot of \`${rule.name}\` feeds it`);
  }
}

function resourceScope(rule: ResourceRule, compiler: Compiler): ValueScope {
  const source = rule.from[0]?.value;
  if (source?.kind !== 'field') return { name: rule.name };
  const at: At<SourcePath> = { value: source.path, place: rule.from[0]?.place ?? rule.place };
  const reader = compilePath(at, { name: rule.name }, compiler);
  return { name: rule.name, valueType: reader?.v2Type ?? 'ST' };
}

function compileFrames(
  sources: readonly At<InstanceSource>[],
  compiler: Compiler,
): CompiledResource['frames'] {
  if (sources.length === 0) return (root) => [root];
  const readers = sources.map((source) => compileInstances(source, compiler));
  const [only] = readers;
  if (only && readers.length === 1) return only;
  return (root) => readers.flatMap((read) => read(root));
}

const none: readonly Frame[] = [];

function compileInstances(
  { value, place }: At<InstanceSource>,
  compiler: Compiler,
): (root: Frame) => readonly Frame[] {
  if (value.kind === 'field') return fieldInstances({ value: value.path, place });
  const groups = value.names.slice(0, -1);
  const last = value.names.at(-1) ?? '';
  const segment = /^[A-Z][A-Z0-9]{2}$/.test(last) && (knownSegment(last) || last.startsWith('Z'));
  if (segment) return segmentInstances(groups, last);
  if (/^[A-Z][A-Z0-9]{2}$/.test(last)) {
    compiler.issues.add(
      place,
      `HL7 has no segment \`${last}\`; a segment of your own begins with Z`,
    );
  }
  return ({ run }) => run.scope.groups(value.names).map((group) => frameOf(run, group));
}

function segmentInstances(groups: readonly string[], name: string) {
  return ({ run }: Frame): readonly Frame[] => {
    // Most messages have none of most segments.
    if (run.message.segment(name) === undefined) return none;
    return run.scope.anywhere(groups, name).map((segment) => segmentFrame(run, segment));
  };
}

/** One for each valued repetition, in every such segment of the message. */
function fieldInstances({ value: path }: At<Extract<InstanceSource, { kind: 'field' }>['path']>) {
  const { segment: name, groups, field = 0, component, subcomponent } = path;
  return (root: Frame): readonly Frame[] => {
    const { run } = root;
    if (run.message.segment(name) === undefined) return none;
    const found: Frame[] = [];
    for (const segment of run.scope.anywhere(groups, name)) {
      if (!segment.hasText(field)) continue;
      const repetitions = segment.field(field).repetitions();
      for (const [index, repetition] of repetitions.entries()) {
        if (path.repetition !== undefined && index !== path.repetition - 1) continue;
        if (repetition.state !== 'value') continue;
        const narrowed = component === undefined ? repetition : repetition.component(component);
        const value = subcomponent === undefined ? narrowed : narrowed.subcomponent(subcomponent);
        if (value.state === 'value') found.push(valueFrame(root, value));
      }
    }
    return found;
  };
}

interface RuleScope {
  readonly scope: ValueScope;
  readonly compiler: Compiler;
}

type PartReader = { readonly constant: string } | { readonly paths: readonly PathReader[] };

function keyReaders(key: KeyRule | undefined, { scope, compiler }: RuleScope): PartReader[] {
  if (key?.kind !== 'parts') return [];
  return key.parts.map((part: KeyPart): PartReader => {
    if ('constant' in part) return part;
    return { paths: part.paths.flatMap((path) => compilePath(path, scope, compiler) ?? []) };
  });
}

/** Parts joined by `|`, which is written `\|` within a part. */
function compileKey(
  key: Extract<KeyRule, { kind: 'parts' }>,
  readers: readonly PartReader[],
): CompiledKey {
  const first = readers.findIndex((reader) => 'paths' in reader);
  const source = key.parts.flatMap((part) => ('paths' in part ? part.paths : []))[0]?.value.text;
  return {
    source: source ?? '',
    read: (frame) => {
      const texts = readers.map((reader) =>
        'constant' in reader ? reader.constant : firstText(reader.paths, frame),
      );
      if (texts[first] === '') return undefined;
      return texts.map(escaped).join('|');
    },
  };
}

function escaped(part: string): string {
  return /[\\|]/.test(part) ? part.replace(/[\\|]/g, '\\$&') : part;
}

/** An explicit scope, else the authority of the first key part that names one, else the sender. */
function compileScope(
  rule: ScopeRule | undefined,
  { readers, scope, compiler }: RuleScope & { readonly readers: readonly PartReader[] },
): (frame: Frame) => string {
  if (rule?.kind === 'feed') return ({ run }) => feedUri(run.context.feed);
  if (rule?.kind === 'sender') return senderScope;
  const paths =
    rule?.kind === 'paths'
      ? rule.paths.flatMap((path) => compilePath(path, scope, compiler) ?? [])
      : readers.flatMap((reader) => ('paths' in reader ? reader.paths : []));
  const named = paths.filter(({ v2Type }) => authorityTypes.has(v2Type));
  return (frame) => {
    for (const path of named) {
      const element = path.said(frame);
      if (element?.state !== 'value') continue;
      const hd = authorityOf(path.v2Type, element);
      return isNamed(hd) ? frame.run.facts.authority(hd) : senderScope(frame);
    }
    return senderScope(frame);
  };
}

function senderScope({ run }: Frame): string {
  return run.facts.authority({ namespace: '', universalId: '', universalIdType: '' });
}

const defaultOrder = ['EVN-2', 'MSH-7'];

/** The first time that is valued, as an instant. */
function compileOrder(
  order: readonly At<SourcePath>[],
  { scope, compiler }: RuleScope,
): (frame: Frame) => string | undefined {
  const paths =
    order.length > 0
      ? order
      : defaultOrder.map((text) => ({
          value: parsePath(text) as SourcePath,
          place: { file: '', line: 1, column: 1 },
        }));
  const readers = paths.flatMap((path) => compilePath(path, scope, compiler) ?? []);
  return (frame) => {
    for (const reader of readers) {
      const element = reader.said(frame);
      if (element?.state !== 'value') continue;
      const instant = frame.run.instantOf(element);
      if (instant !== undefined) return instant;
    }
    return undefined;
  };
}
