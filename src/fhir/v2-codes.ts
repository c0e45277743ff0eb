/** Which codes the tables of HL7 v2 have in the edition that is part of FHIR R4 (scripts/digest-terminology.ts). */
import tableText from './definitions/v2-codes.json' with { type: 'json' };

const prefix = 'http://terminology.hl7.org/CodeSystem/v2-';
/** By system. What is no table is not kept: a sender may name anything. */
const tables = new Map<string, ReadonlySet<string>>();

/** Whether a system is a table of HL7 v2 that R4 has, and that table has no such code. */
export function isForeignToV2Table(system: string, code: string): boolean {
  if (!system.startsWith(prefix)) return false;
  const codes = tables.get(system) ?? readTable(system);
  return codes !== undefined && !codes.has(code);
}

function readTable(system: string): ReadonlySet<string> | undefined {
  const table = system.slice(prefix.length);
  const texts: Readonly<Record<string, string>> = tableText;
  const text = Object.hasOwn(texts, table) ? texts[table] : undefined;
  if (text === undefined) return undefined;
  const codes = new Set(JSON.parse(text) as readonly string[]);
  tables.set(system, codes);
  return codes;
}
