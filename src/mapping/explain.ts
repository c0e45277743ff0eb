import type { Message } from '../hl7v2/message.ts';
import { elementAt, parsePath } from '../hl7v2/path.ts';
import type { MappedResource, MappingResult, TraceEntry } from './result.ts';

/** One element of a produced resource, and why it is what it is. */
export interface ExplainedElement {
  /** FHIR path without the type: `name[0]`, `valueQuantity`. */
  readonly element: string;
  /** What the element holds, as JSON; undefined where a later rule took it away again. */
  readonly value: unknown;
  /** `OBX[3]-5`; absent for constants and references. */
  readonly source?: string;
  /** The text of that field as the sender wrote it. */
  readonly said?: string;
  /** `file:line`. */
  readonly rule: string;
  /** The row of a table that decided, with its own `file:line`. */
  readonly table?: string;
}

/** A produced resource with the history of each of its elements. */
export interface ExplainedResource {
  /** The rule's name and the instance: `observation#3`. */
  readonly name: string;
  readonly type: string;
  readonly elements: readonly ExplainedElement[];
}

/** Puts what a map traced beside what it made of the message. Elements stand in the order in which rules gave them. */
export function explain(
  { resources, provenance = [], trace }: Pick<MappingResult, 'resources' | 'provenance' | 'trace'>,
  message: Message,
): readonly ExplainedResource[] {
  const byResource = Map.groupBy(trace, ({ target }) => target.slice(0, target.indexOf('.')));
  return [...resources, ...provenance].map((mapped) => ({
    name: mapped.name,
    type: mapped.resource.resourceType,
    elements: (byResource.get(mapped.name) ?? []).map((entry) => {
      return explained(mapped, entry, message);
    }),
  }));
}

function explained(
  { name, resource }: MappedResource,
  { target, source, rule, table }: TraceEntry,
  message: Message,
): ExplainedElement {
  const element = target.slice(name.length + 1);
  const said = source === undefined ? undefined : rawAt(message, source);
  return {
    element,
    value: valueAt(resource, element),
    ...(source !== undefined && { source }),
    ...(said !== undefined && { said }),
    rule,
    ...(table !== undefined && { table }),
  };
}

function rawAt(message: Message, source: string): string | undefined {
  const { path } = parsePath(source);
  return path === undefined ? undefined : elementAt(message, path)?.raw;
}

/** What stands at `telecom[1].value` or `extension(URL).valueString` of a JSON object. */
function valueAt(from: unknown, path: string): unknown {
  let value = from;
  for (const [, name = '', index, url] of path.matchAll(
    /([^.()[\]]+)(?:\[(\d+)\])?(?:\(([^()]*)\))?/g,
  )) {
    if (value === null || typeof value !== 'object') return undefined;
    const member: unknown = Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
    if (!Array.isArray(member)) value = member;
    else if (url !== undefined) value = member.find((item: { url?: unknown }) => item.url === url);
    else value = index === undefined ? member : member[Number(index)];
  }
  return value;
}
