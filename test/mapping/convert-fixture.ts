import { elementAt, parsePath } from '../../src/hl7v2/path.ts';
import type { Conversion } from '../../src/mapping/datatypes/convert.ts';
import { builtInConverter } from '../../src/mapping/datatypes/registry.ts';
import { messageOf, msh } from './pack-fixture.ts';

/** What surrounds a value that is converted. */
export interface Given {
  readonly unit?: string;
  readonly allows?: readonly string[];
  readonly offset?: string;
  readonly zone?: string;
  readonly system?: string;
}

/** What a converter makes of a text in PID-3, with the remarks it makes. */
export function convert(name: string, text: string, given: Given = {}) {
  const [, v2Type = '', target = ''] = /^(\w+)\[([\w-]+)\]$/.exec(name) ?? [];
  const message = messageOf(msh('ADT^A01'), `PID|1||${text}|${given.unit ?? ''}`);
  const at = (field: string) => {
    const { path } = parsePath(field);
    const element = path && elementAt(message, path);
    if (!element) throw new Error(field);
    return element;
  };
  const remarks: string[] = [];
  const conversion: Conversion = {
    message: {
      offset: given.offset,
      zoneOffset: given.zone === undefined ? undefined : () => given.zone ?? '',
      authority: ({ namespace, universalId }) => `urn:a:${namespace || universalId || 'sender'}`,
      localAuthority: 'MERCY',
      packCodeSystem: undefined,
    },
    translate: undefined,
    system: given.system,
    unit: given.unit === undefined ? undefined : at('PID-4'),
    allows: (type) => given.allows?.includes(type) ?? true,
    remark: (severity, sentence) => remarks.push(`${severity}: ${sentence}`),
  };
  const typed = builtInConverter(v2Type, target)?.(at('PID-3'), conversion);
  return { typed: JSON.parse(JSON.stringify(typed ?? null)) as unknown, remarks };
}
