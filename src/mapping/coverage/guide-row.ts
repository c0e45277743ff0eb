import { readCsv } from './csv.ts';

/** What a sheet of HL7's V2-to-FHIR guide maps: a message structure, a segment, a data type or a code table. */
export type SheetKind = 'message' | 'segment' | 'datatype' | 'table';

/** A row of the guide that names a target in FHIR. */
export interface GuideRow {
  readonly kind: SheetKind;
  /** `PID[Patient]`, `CX[Identifier]`, `AdministrativeSex`, `ADT_A01`. */
  readonly sheet: string;
  /** Record of the file, from 1, headings included. */
  readonly record: number;
  /** What is mapped: `PID-5`, `CX.4`, a code, or the place of a segment (`ADT_A01.NEXT_OF_KIN.NK1`). Empty: a constant. */
  readonly source: string;
  /** FHIR element, FHIR code or, of a message, the resource. */
  readonly target: string;
  /** As the guide writes it. */
  readonly condition: string;
  /** A condition in prose. */
  readonly narrative: string;
  /** The sheet for the value: of a segment or data type the data type map, of a message the segment map. */
  readonly map: string;
  /** The sheet for its codes. */
  readonly vocabulary: string;
  /** A constant, as written (`"REF"`), or of a table the code system. */
  readonly assignment: string;
}

/** One file of the guide. */
export interface GuideSheet {
  readonly kind: SheetKind;
  readonly name: string;
  readonly rows: readonly GuideRow[];
  /** Of a message: the places of all its segments in their order, mapped or not. */
  readonly places: readonly string[];
}

/** The folders of the guide's `mappings`, by kind. */
export const sheetFolders: Readonly<Record<SheetKind, string>> = {
  message: 'messages',
  segment: 'segments',
  datatype: 'datatypes',
  table: 'codesystems',
};

/** Columns of a message, segment or data type sheet, from 0. */
const columns = {
  message: { source: 1, condition: 6, narrative: 8, target: 9, map: 10, vocabulary: 99, assignment: 11 },
  part: { source: 1, condition: 6, narrative: 8, target: 9, map: 14, vocabulary: 15, assignment: 16 },
} as const;

/** Reads a sheet; its name is that of the file between `R4_` (or `Map_`) and the last dash. */
export function readSheet(kind: SheetKind, file: string, text: string): GuideSheet {
  const name = /_ (.+) - [^-]*\.csv$/.exec(file)?.[1]?.trim() ?? file;
  const records = readCsv(text).map((record) => record.map(oneLine));
  const body = records.slice(2);
  const read =
    kind === 'table' ? tableReader(records[1] ?? []) : partReader(kind === 'message' ? 'message' : 'part');
  const rows = body.flatMap((record, index): GuideRow[] => {
    const row = read(record);
    return row ? [{ kind, sheet: name, record: index + 3, ...row }] : [];
  });
  return { kind, name, rows, places: kind === 'message' ? placesOf(body) : [] };
}

function oneLine(cell: string): string {
  return cell.replace(/\s+/g, ' ').trim();
}

type RowParts = Omit<GuideRow, 'kind' | 'sheet' | 'record'>;

function partReader(of: keyof typeof columns): (record: readonly string[]) => RowParts | undefined {
  const at = columns[of];
  return (record) => {
    const cell = (column: number): string => record[column] ?? '';
    if (cell(at.target) === '') return undefined;
    return {
      source: numbered(cell(at.source), cell(0)),
      target: cell(at.target),
      condition: cell(at.condition),
      narrative: cell(at.narrative),
      map: cell(at.map),
      vocabulary: cell(at.vocabulary),
      assignment: cell(at.assignment),
    };
  };
}

/** A sheet names a segment alone where it means a field, whose number is that of its sort order. */
function numbered(source: string, order: string): string {
  const isField = /^[A-Z][A-Z0-9]{2}$/.test(source) && /^[1-9]\d*$/.test(order);
  return isField ? `${source}-${order}` : source;
}

/** The columns of a table differ from file to file; they are told by their headings. */
function tableReader(heading: readonly string[]): (record: readonly string[]) => RowParts | undefined {
  const codes = columnsNamed(heading, /^code$/i);
  const systems = columnsNamed(heading, /system/i);
  const [source = 0, target = -1] = codes;
  return (record) => {
    const cell = (column: number | undefined): string => record[column ?? -1] ?? '';
    if (cell(source) === '' || cell(target) === '') return undefined;
    return {
      source: cell(source),
      target: cell(target),
      condition: cell(source + 3),
      narrative: cell(source + 5),
      map: '',
      vocabulary: '',
      assignment: cell(systems.at(-1)),
    };
  };
}

function columnsNamed(heading: readonly string[], pattern: RegExp): number[] {
  return heading.flatMap((cell, index) => (pattern.test(cell) ? [index] : []));
}

/** Group rows (`[{ `, `}]`) end in a name that is no segment's. */
function placesOf(body: readonly (readonly string[])[]): string[] {
  const places = body.map((record) => record[columns.message.source] ?? '');
  return [...new Set(places)].filter((place) => /[.:][A-Z][A-Z0-9]{2}$/.test(place));
}

/** How a row is named in deviations and reports: `segment PID[Patient] PID-12 address[1].district`. */
export function rowId({ kind, sheet, source, target, map }: GuideRow): string {
  const words = [kind, sheet, source, target, kind === 'message' ? map : ''];
  return words.filter((word) => word !== '').join(' ');
}
