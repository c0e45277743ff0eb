import { codeSystemUri } from '../datatypes/coding-system.ts';
import type { TableRow } from '../language/model.ts';
import { expandSystem } from '../language/read-table.ts';
import type { MapFile } from '../language/yaml-tree.ts';
import type { MapIssue, MapPlace } from '../map-issue.ts';
import { compilePack } from '../pack.ts';
import { checkTarget, type SystemByUrl } from './check-target.ts';
import { homeOf, readSite, type SiteTables, type TableHome } from './table-home.ts';
import { withPins, withRows, type NewRow } from './table-text.ts';

/** A code of a sheet, with what a person put beside it. */
export interface CodeToImport {
  /** Empty: of every feed. */
  readonly feed: string;
  readonly table: string;
  readonly code: string;
  /** Of the sender's code; may be empty. */
  readonly system: string;
  readonly target: { readonly system: string; readonly code: string; readonly display: string };
  /** Known, and makes nothing. */
  readonly drop: boolean;
  /** Of the target's code; the others stand in the same line. */
  readonly place: MapPlace;
}

export interface ImportOptions {
  /** The base pack and the site's maps. */
  readonly files: readonly MapFile[];
  /** Folder of the site's maps, as the paths of `files` have it. */
  readonly folder: string;
  readonly systemOf: SystemByUrl;
  /** Put rows in the place of others. */
  readonly replace: boolean;
}

export interface ImportPlan {
  /** Files with their new text; nothing where there is a fault. */
  readonly files: readonly MapFile[];
  readonly faults: readonly MapIssue[];
  readonly added: number;
  readonly same: number;
  /** Rows that were put in the place of others: `StMaryTests[K] 2823-3 -> 2823-4`. */
  readonly replaced: readonly string[];
  /** Tables of this import that no slot asks. */
  readonly unasked: readonly string[];
}

/**
 * Where the rows of a sheet go, and the texts of the files then: into the table where the site has it (a file of its own, or an
 * overlay of the feed), into an overlay of the feed where the base pack has it, into a new file where nobody has it. A fault
 * is at its line and column of the sheet: a target that its code system or the element's required binding does not have, a
 * row that differs from what is there (unless `replace`), two rows for one code.
 */
export function planImport(codes: readonly CodeToImport[], options: ImportOptions): ImportPlan {
  const site = readSite(options.files, options.folder);
  const plan = new Plan(site, options);
  const shared = Map.groupBy(codes, ({ table }) => table);
  for (const code of codes) plan.take(code, systemsOf(shared.get(code.table) ?? []));
  return plan.result();
}

/** What all codes of a table have in common. */
function systemsOf(codes: readonly CodeToImport[]): {
  readonly system: string;
  readonly targetSystem: string;
} {
  const one = (all: readonly string[]): string => (new Set(all).size === 1 ? (all[0] ?? '') : '');
  const targets = codes.filter(({ drop }) => !drop).map(({ target }) => systemUri(target.system));
  return {
    system: one(codes.map(({ system }) => system)),
    targetSystem: one(targets.map((uri) => uri ?? '')),
  };
}

class Plan {
  readonly #site: SiteTables;
  readonly #options: ImportOptions;
  readonly #homes = new Map<string, HomeRows>();
  readonly #faults: MapIssue[] = [];
  readonly #replaced: string[] = [];
  #added = 0;
  #same = 0;

  constructor(site: SiteTables, options: ImportOptions) {
    this.#site = site;
    this.#options = options;
  }

  take(code: CodeToImport, systems: ReturnType<typeof systemsOf>): void {
    const { feed, table } = code;
    const home = homeOf(this.#site, { feed, table, ...systems });
    const key = `${home.file} ${table}`;
    const known = this.#homes.get(key) ?? { home, rows: [], seen: new Map<string, PlacedRow>() };
    this.#homes.set(key, known);
    const row = this.#rowOf(code, known.home);
    if (row === undefined) return;
    const twin = known.seen.get(row.code);
    known.seen.set(row.code, { row, place: code.place });
    if (twin !== undefined) {
      if (!differs(twin.row.target, row.target)) return;
      const line = String(twin.place.line);
      const message = `\`${code.code}\` is already in line ${line} with another target; keep one`;
      this.#fault(code.place, message);
      return;
    }
    if (this.#isToWrite(code, { row, home })) known.rows.push({ row, place: code.place });
  }

  #rowOf(code: CodeToImport, home: TableHome): NewRow | undefined {
    if (code.drop) return { code: code.code };
    if (home.isTruth) return this.#truthOf(code);
    const { code: target, display } = code.target;
    const system = this.#systemOf(code, home);
    if (system === undefined) return undefined;
    const checked = checkTarget({ system, code: target }, this.#options.systemOf);
    if (checked.fault !== undefined) {
      this.#fault(code.place, `\`${target}\` ${checked.fault}`);
      return undefined;
    }
    const known = home.isBare ? undefined : checked.display;
    const shown = display === '' ? known : display;
    const isOfTable = system === '' || system === home.target;
    return {
      code: code.code,
      target: {
        code: target,
        ...(shown === undefined ? {} : { display: shown }),
        ...(isOfTable ? {} : { system }),
      },
    };
  }

  #truthOf({ code, table, target, place }: CodeToImport): NewRow | undefined {
    if (target.code === 'true' || target.code === 'false') {
      return { code, target: { code: target.code === 'true' } };
    }
    this.#fault(
      place,
      `The table \`${table}\` gives \`true\` or \`false\`, not \`${target.code}\``,
    );
    return undefined;
  }

  /** Empty where neither the sheet nor the table says one, as of a table that gives true and false. */
  #systemOf({ target, place, table }: CodeToImport, home: TableHome): string | undefined {
    if (target.system === '') {
      if (home.target !== undefined || !home.isNew) return home.target ?? '';
      this.#fault(place, `Say the target system: the table \`${table}\` is new`);
      return undefined;
    }
    const uri = systemUri(target.system);
    if (uri === undefined) {
      this.#fault(place, `\`${target.system}\` is no URI, and no coding system that HL7 names`);
    }
    return uri;
  }

  #isToWrite(
    { code, table, place }: CodeToImport,
    { row, home }: { readonly row: NewRow; readonly home: TableHome },
  ): boolean {
    const there = home.rows.get(code);
    if (there === undefined) {
      this.#added += 1;
      return true;
    }
    const was = targetOf(there, home.target);
    if (!differs(was, row.target)) {
      this.#same += 1;
      return false;
    }
    const change = `${told(was)} -> ${told(row.target)}`;
    if (this.#options.replace) {
      this.#replaced.push(`${table}[${code}] ${change}`);
      return true;
    }
    const at = `${there.place.file}:${String(there.place.line)}`;
    this.#fault(
      place,
      `\`${code}\` is there already, in ${at} (${change}); --replace puts it in its place`,
    );
    return false;
  }

  #fault({ file, line, column }: MapPlace, message: string): void {
    this.#faults.push({ file, line, column, message });
  }

  result(): ImportPlan {
    const counts = { added: this.#added, same: this.#same, replaced: this.#replaced };
    const nothing = { files: [], faults: this.#faults, ...counts, unasked: [] };
    if (this.#faults.length > 0) return nothing;
    const written = this.#texts();
    const all = new Map([...this.#options.files, ...written].map((file) => [file.path, file]));
    const { pack, issues } = compilePack([...all.values()]);
    if (pack === undefined)
      return { ...nothing, faults: issues.map((issue) => this.#inSheet(issue, written)) };
    const asked = new Set(
      pack.maps.flatMap(({ base, variants }) =>
        [base, ...variants.map(({ map }) => map)].flatMap(({ tables }) => [...tables.keys()]),
      ),
    );
    const names = new Set([...this.#homes.values()].map(({ home }) => home.table));
    return { ...nothing, files: written, unasked: [...names].filter((name) => !asked.has(name)) };
  }

  #texts(): readonly MapFile[] {
    const texts = new Map<string, string>();
    for (const { home, rows } of this.#homes.values()) {
      if (rows.length === 0) continue;
      const before = texts.get(home.file) ?? home.text;
      const pinned = home.pins === undefined ? before : withPins(before, home.pins);
      texts.set(
        home.file,
        withRows(
          pinned,
          home.name,
          rows.map(({ row }) => row),
        ),
      );
    }
    return [...texts].map(([path, text]) => ({ path, text }));
  }

  /** What the checker says of an imported row is said of its line in the sheet. */
  #inSheet(issue: MapIssue, written: readonly MapFile[]): MapIssue {
    const file = written.find(({ path }) => path === issue.file);
    if (file === undefined) return issue;
    const after = readSite(written, this.#options.folder);
    for (const { home, rows } of this.#homes.values()) {
      if (home.file !== issue.file) continue;
      const now = homeOf(after, { feed: home.feed, table: home.table }).rows;
      const row = rows.find(({ row: { code } }) => now.get(code)?.place.line === issue.line);
      if (row !== undefined) return { ...row.place, message: issue.message };
    }
    return issue;
  }
}

/** What goes into one table. */
interface HomeRows {
  readonly home: TableHome;
  /** What is to be written. */
  readonly rows: PlacedRow[];
  /** All of the sheet, by code. */
  readonly seen: Map<string, PlacedRow>;
}

interface PlacedRow {
  readonly row: NewRow;
  readonly place: MapPlace;
}

function systemUri(text: string): string | undefined {
  const expanded = expandSystem(text);
  if (/^(?:https?:\/\/|urn:)\S+$/.test(expanded)) return expanded;
  const uri = codeSystemUri(text, '');
  return uri.startsWith('urn:weir:') ? undefined : uri;
}

function targetOf(row: TableRow, ofTable: string | undefined): NewRow['target'] {
  const { code, display, system } = row;
  if (code === undefined) return undefined;
  return {
    code: typeof code === 'number' ? String(code) : code,
    ...(display === undefined ? {} : { display }),
    ...(system === undefined || system === ofTable ? {} : { system }),
  };
}

/** A display that the sheet leaves open is no difference. */
function differs(was: NewRow['target'], now: NewRow['target']): boolean {
  if (was === undefined || now === undefined) return was !== now;
  const isOtherName =
    now.display !== undefined && was.display !== undefined && was.display !== now.display;
  return was.code !== now.code || (was.system ?? '') !== (now.system ?? '') || isOtherName;
}

function told(target: NewRow['target']): string {
  if (target === undefined) return 'nothing';
  return [target.system, target.code, target.display]
    .filter((part) => part !== undefined)
    .join(' ');
}
