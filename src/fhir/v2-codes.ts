/** Which codes the tables of HL7 v2 have in the edition that is part of FHIR R4 (scripts/digest-terminology.ts). */
import tableText from './definitions/v2-codes.json' with { type: 'json' };

const prefix = 'http://terminology.hl7.org/CodeSystem/v2-';
const tables = new Map<string, ReadonlySet<string> | undefined>();

/** Whether a system is a table of HL7 v2 that R4 has, and that table has no such code. */
export function isForeignToV2Table(system: string, code: string): boolean {
  if (!system.startsWith(prefix)) return false;
  const codes = codesOf(system.slice(prefix.length));
  return codes !== undefined && !codes.has(code);
}

function codesOf(table: string): ReadonlySet<string> | undefined {
  let codes = tables.get(table);
  if (codes !== undefined || tables.has(table)) return codes;
  const texts: Readonly<Record<string, string>> = tableText;
  const text = Object.hasOwn(texts, table) ? texts[table] : undefined;
  codes = text === undefined ? undefined : new Set(JSON.parse(text) as readonly string[]);
  tables.set(table, codes);
  return codes;
}
