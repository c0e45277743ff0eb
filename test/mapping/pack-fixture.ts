import type { Resource } from '../../src/fhir/resource.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import type { MappingContext } from '../../src/mapping/context.ts';
import { compilePack, selectMap, type CompiledPack } from '../../src/mapping/pack.ts';
import type { MappingResult } from '../../src/mapping/result.ts';
import { runMap } from '../../src/mapping/run/run-map.ts';

/** Files of a small pack by path. */
export type Files = Readonly<Record<string, string>>;

export function filesOf(files: Files): { path: string; text: string }[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}

/** Compiles a pack that must be without faults. */
export function packOf(files: Files): CompiledPack {
  const { pack, issues } = compilePack(filesOf(files));
  if (!pack) throw new Error(issues.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return pack;
}

const context: MappingContext = {
  feed: 'lab',
  receivedAt: '2026-01-01T00:00:00Z',
  authority: ({ namespace, universalId }) => `urn:authority:${namespace || universalId}`,
  settings: {},
};

export function messageOf(...segments: readonly string[]): Message {
  const { message, issues } = parseMessage(segments.join('\r'));
  if (!message) throw new Error(JSON.stringify(issues));
  return message;
}

/** Maps a message with a pack; there must be a map for it. */
export function mapWith(
  pack: CompiledPack,
  message: Message,
  given: Partial<MappingContext> = {},
): MappingResult {
  const own = { ...context, ...given };
  const map = selectMap(pack, message, own.feed);
  if (typeof map === 'string') throw new Error(map);
  return runMap(map, message, own);
}

export const msh = (event: string, offset = '+0100'): string =>
  `MSH|^~\\&|LAB|MERCY|WEIR|HUB|20260101083000${offset}||${event}|MSG1|P|2.5.1`;

/** A message map that takes ADT^A01 and makes one Patient with the given slots. */
export function patientMap(slots: string, more = ''): Files {
  return {
    'a.map.yaml': `map: a
version: 1
when: { event: [ADT^A01] }
${more}
resources:
  patient:
    type: Patient
    from: PID
    set:
${slots.replace(/^/gm, '      ')}
`,
  };
}

/** The elements of a resource, without its type and where it came from. */
export function elementsOf(resource: Resource | undefined): Record<string, unknown> {
  const entries = Object.entries(resource ?? {});
  return Object.fromEntries(entries.filter(([key]) => key !== 'resourceType' && key !== 'meta'));
}
