import type { CompiledPack } from '../pack.ts';
import { emptied, rowWays, rowWants, tryRow, type Cover, type ProbeContext, type Trial } from './cover-row.ts';
import { saidByReference, targetsOf, type GuideTarget } from './guide-path.ts';
import { hostsOf, ownRows, type OwnRow } from './own-hosts.ts';
import type { GuideRow, GuideSheet } from './guide-row.ts';
import { contextsOf, messageContexts } from './probe-contexts.ts';
import { segmentName, withPlace } from './probe-message.ts';
import { Prober, type Commit, type ProbeSettings } from './prober.ts';

/** A row of the guide, and how it is covered; absent: it is not. */
export interface CoveredRow {
  readonly row: GuideRow;
  readonly cover?: Cover;
}

/** Tries every row of the guide with the maps of a pack. `commit` gives what is written besides the mapped resources. */
export function coverGuide(
  pack: CompiledPack,
  sheets: readonly GuideSheet[],
  commit: Commit,
): readonly CoveredRow[] {
  const guide = new GuideProbe(new Prober(pack, commit), sheets);
  return guide.rows();
}

/** Settings under which a row may hold: the defaults, then the other answers to their questions. */
const settingsTried: readonly ProbeSettings[] = [
  {},
  {
    vipIsOfThePerson: true,
    allergySeverityIsCriticality: true,
    diagnosisBelongsTo: 'patient',
    socialSecurityNumberType: 'SB',
  },
  { diagnosisBelongsTo: 'episode' },
];

class GuideProbe {
  readonly #prober: Prober;
  readonly #sheets: readonly GuideSheet[];
  /** Covered rows by the sheet that they send their values to, as hosts of its rows. */
  readonly #hosts = new Map<string, Cover[]>();

  constructor(prober: Prober, sheets: readonly GuideSheet[]) {
    this.#prober = prober;
    this.#sheets = sheets;
  }

  rows(): CoveredRow[] {
    for (const one of ownRows) this.#ownRow(one);
    const segments = this.#of('segment').flatMap((sheet) => this.#segmentSheet(sheet));
    const datatypes = this.#datatypes();
    const tables = this.#of('table').flatMap(({ rows }) => rows.map((row) => this.#tableRow(row)));
    const messages = this.#of('message').flatMap((sheet) => sheet.rows.map((row) => this.#messageRow(row, sheet)));
    return [...messages, ...segments, ...datatypes, ...tables];
  }

  #of(kind: GuideSheet['kind']): GuideSheet[] {
    return this.#sheets.filter((sheet) => sheet.kind === kind);
  }

  /** A field that the guide maps nowhere, although it has a sheet for its values. */
  #ownRow({ of, ...own }: OwnRow): void {
    const row: GuideRow = {
      ...{ kind: 'segment', record: 0, condition: '', narrative: '', map: '', vocabulary: '', assignment: '' },
      ...own,
    };
    const cover = this.#segmentRow(row, [], contextsOf(row.sheet, this.#sheets, this.#prober));
    if (cover) this.#remember(row, of ? { ...cover, target: of } : cover);
  }

  #segmentSheet({ name, rows }: GuideSheet): CoveredRow[] {
    const contexts = various(contextsOf(name, this.#sheets, this.#prober));
    return rows.map((row) => {
      const cover = this.#segmentRow(row, rows, contexts);
      if (cover) this.#remember(row, cover);
      return { row, ...(cover && { cover }) };
    });
  }

  #segmentRow(
    row: GuideRow,
    siblings: readonly GuideRow[],
    contexts: readonly ProbeContext[],
    type?: string,
  ): Cover | undefined {
    const trials = this.#segmentTrials(row, siblings, type);
    // A setting is the answer to a condition in prose.
    const settingsOf = row.narrative === '' && !row.sheet.startsWith('DG1') ? settingsTried.slice(0, 1) : settingsTried;
    for (const settings of settingsOf) {
      for (const context of contexts) {
        for (const trial of trials) {
          const own = ownPlace(context, row);
          const cover = own && tryRow(this.#prober, { ...trial, context: own, settings });
          if (cover) return cover;
        }
      }
    }
    return undefined;
  }

  #segmentTrials(
    row: GuideRow,
    siblings: readonly GuideRow[],
    type?: string,
  ): Omit<Trial, 'context' | 'settings'>[] {
    const [, name = '', numbers = ''] = /^([A-Z][A-Z0-9]{2})(?:-([\d.]+))?$/.exec(row.source) ?? [];
    const path = numbers === '' ? [] : numbers.split('.').map(Number);
    const resource = typeOf(row, type);
    const codes = path.length === 0 ? [] : this.#codes(row.vocabulary).slice(0, 6);
    return rowWays(row, { name, path }).flatMap((facts) => {
      const trial = { path, facts, ...rowWants(row, resource, siblings) };
      return [trial, ...codes.map((value) => ({ ...trial, value }))];
    });
  }

  #codes(vocabulary: string): string[] {
    return this.#table(vocabulary)?.rows.map(({ source }) => source) ?? [];
  }

  #table(vocabulary: string): GuideSheet | undefined {
    if (vocabulary === '') return undefined;
    return this.#of('table').find(({ name }) => sheetKey(name) === sheetKey(vocabulary));
  }

  #remember(row: GuideRow, cover: Cover): void {
    for (const name of [row.map, row.vocabulary].filter((one) => one !== '')) this.#host(name, cover);
    for (const { sheet, of } of hostsOf(row)) this.#host(sheet, of ? { ...cover, target: of } : cover);
  }

  #host(sheet: string, cover: Cover): void {
    const hosts = this.#hosts.get(sheetKey(sheet)) ?? [];
    this.#hosts.set(sheetKey(sheet), [...hosts, cover]);
  }

  /** Data types within data types need a second round: their hosts are rows of the first. */
  #datatypes(): CoveredRow[] {
    const found = new Map<GuideRow, Cover>();
    for (let round = 0; round < 3; round += 1) {
      for (const { name, rows } of this.#of('datatype')) {
        for (const row of rows) {
          if (found.has(row)) continue;
          const cover = this.#datatypeRow(row, rows, this.#hosts.get(sheetKey(name)) ?? []);
          if (!cover) continue;
          found.set(row, cover);
          this.#remember(row, cover);
        }
      }
    }
    return this.#of('datatype').flatMap(({ rows }) =>
      rows.map((row) => {
        const cover = found.get(row);
        return { row, ...(cover && { cover }) };
      }),
    );
  }

  #datatypeRow(row: GuideRow, siblings: readonly GuideRow[], hosts: readonly Cover[]): Cover | undefined {
    const [, name = '', number] = /^([A-Z]{2,3})(?:[.-](\d+))?$/.exec(row.source) ?? [];
    const ways = rowWays(row, { name, path: number === undefined ? [] : [Number(number)] });
    const wants = rowWants(row, '', siblings);
    for (const host of spread(hosts)) {
      const path = number === undefined || primitives.has(name) ? host.path : [...host.path, Number(number)];
      const targets = wants.targets.flatMap((target) => hosted(host, target));
      const { context, settings } = host;
      const alone = fallbacks.has(name) ? [emptied(host.message, context.place, host.path)] : [];
      const codes = siblings.find((one) => one.source === row.source && one.vocabulary !== '')?.vocabulary;
      const values = [undefined, ...this.#codes(codes ?? '').slice(0, 6)];
      const tries = [host.message, ...alone].flatMap((message) =>
        ways.flatMap((facts) => values.map((value) => ({ message, facts, value }))),
      );
      for (const { message, facts, value } of tries) {
        const trial = { context, settings, message, path, subject: host.path, facts, ...wants, targets, ...(value !== undefined && { value }) };
        const cover = tryRow(this.#prober, trial);
        if (cover) return cover;
      }
    }
    return undefined;
  }

  #tableRow(row: GuideRow): CoveredRow {
    const others = this.#codes(row.sheet).filter((code) => code !== row.source);
    for (const host of spread(this.#hosts.get(sheetKey(row.sheet)) ?? [])) {
      for (const instead of ['', ...others.slice(0, 2), ...others.slice(-1)]) {
        const cover = this.#translated(row, host, instead);
        if (cover) return { row, cover };
      }
    }
    return { row };
  }

  /** Its system stands beside a code; a code, text or boolean alone has none. */
  #translated(row: GuideRow, host: Cover, instead: string): Cover | undefined {
    const { context, settings, message, path, target } = host;
    // The trigger of MSH-9 is its second component.
    const place = context.place.endsWith('MSH') && path.join() === '9' ? [9, 2] : path;
    const places = { context, settings, message, path: place, facts: [], targets: [target] };
    const trial = { ...places, value: escaped(row.source), instead, expected: row.target };
    const cover = tryRow(this.#prober, row.assignment === '' ? trial : { ...trial, with: row.assignment });
    if (cover) return cover;
    const bare = tryRow(this.#prober, trial);
    return bare?.isWhole ? bare : undefined;
  }

  #messageRow(row: GuideRow, sheet: GuideSheet): CoveredRow {
    const contexts = rowWays(row).flatMap((facts) =>
      messageContexts(row, sheet, { prober: this.#prober, facts }),
    );
    const map = this.#of('segment').find(({ name }) => sheetKey(name) === sheetKey(row.map));
    if (!map) return this.#ownMessageRow(row, contexts);
    for (const one of map.rows) {
      const cover = this.#segmentRow(one, map.rows, contexts, /^[A-Za-z]+/.exec(row.target)?.[0]);
      if (cover) return { row, cover };
    }
    return { row };
  }

  /** A row without a segment map asks for the resource, or for an element with a constant. */
  #ownMessageRow(row: GuideRow, contexts: readonly ProbeContext[]): CoveredRow {
    const [type = '', ...rest] = row.target.replace(/\[[^\]]*\]/g, '').split('.');
    const expected = /="([^"']*)/.exec(row.target)?.[1];
    const targets = targetsOf(rest.join('.'), type);
    for (const context of contexts) {
      const wants = { targets, ...(expected !== undefined && { expected }) };
      const cover = tryRow(this.#prober, { context, settings: {}, path: [], facts: [], ...wants });
      if (cover) return { row, cover };
    }
    return { row };
  }
}

/** Names of sheets differ in case and punctuation where they are referred to: `Yes/NoIndicator`, `PL[location]`. */
function sheetKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9[\]]/g, '');
}

/** The resource of a sheet, or of the row of a message sheet; of a value that makes one by itself, that. */
function typeOf({ sheet, target, map }: GuideRow, type: string | undefined): string {
  const made = target === '$this' ? /\[(RelatedPerson|Specimen)/.exec(map)?.[1] : undefined;
  const named = /\[([A-Za-z]+)/.exec(sheet)?.[1] ?? '';
  return made ?? (type === 'Observation' && named === 'ServiceRequest' ? type : named);
}

/** A row may map a field of another segment than its sheet's: MSH-4 beside EVN, RXE-19 beside RXO. */
function ownPlace(context: ProbeContext, { source }: GuideRow): ProbeContext | undefined {
  const name = source.slice(0, 3);
  if (name === '' || segmentName(context.place) === name) return context;
  const other = context.message.find(({ place }) => segmentName(place) === name);
  return other && { ...context, message: withPlace(context.message, context.place), place: other.place };
}

/** Each map and kind of place once: an event of the same map tells nothing new. */
function various(contexts: readonly ProbeContext[]): readonly ProbeContext[] {
  const kinds = new Map<string, ProbeContext>();
  for (const context of contexts) {
    const place = context.place.split('.').slice(1).join('.');
    const kind = JSON.stringify([context.map.name, context.event.slice(0, 3), place, context.facts]);
    if (!kinds.has(kind)) kinds.set(kind, context);
  }
  return [...kinds.values()];
}

/** A few hosts, of different places; those of an organization last: its address is nobody's home. */
function spread(hosts: readonly Cover[]): readonly Cover[] {
  const isOfOther = ({ target }: Cover): number => Number(target.type === 'Organization');
  const own = hosts.toSorted((a, b) => isOfOther(a) - isOfOther(b));
  const byPlace = new Map(own.map((host) => [`${host.context.place} ${host.path.join('.')} ${host.target.path}`, host]));
  return [...byPlace.values()].slice(0, 12);
}

/** A code with a separator in it. */
function escaped(code: string): string {
  return code.replaceAll('&', '\\T\\').replaceAll('^', '\\S\\');
}

/**
 * Data types some components of which are read where others are not valued: the smallest place of a PL says its kind, a
 * CWE without a code has its text, a TQ without start and end lasts as long as it says. The guide has no condition for it; such a component is tried alone too.
 */
const fallbacks: ReadonlySet<string> = new Set(['PL', 'CWE', 'XTN', 'TQ']);

/** Data types without components: `ID.1` is the value itself. */
const primitives: ReadonlySet<string> = new Set(['ID', 'IS', 'ST', 'NM', 'DTM', 'DT', 'TM', 'TX', 'FT', 'SI']);

/**
 * An element of a data type within the element that its host fills. Where that is a reference, the element is the
 * other resource's, or what the reference itself says of it; a role's practitioner may be referred to directly.
 */
function hosted({ target: own }: Cover, { type, path, refers }: GuideTarget): GuideTarget[] {
  const further = refers === undefined ? {} : { refers };
  if (type !== '') return [{ type, path, ...further }];
  const inside = { type: own.type, path: joined(own.path, path), ...further };
  // SAD is a part of the address whose line it is.
  const beside = { type: own.type, path: joined(own.path.replace(/\.?[^.]*$/, ''), path), ...further };
  if (own.refers === undefined) return own.path.endsWith('.line') ? [inside, beside] : [inside];
  const person = path.replace(/^practitioner\b\.?/, '');
  const said = [path, person].flatMap((one) => saidByReference(one)).map((one) => joined(own.path, one));
  // Encounter.location says what kind of place it is beside the reference to it.
  const kind = own.path.endsWith('location') && path.startsWith('physicalType.') ? [beside] : [];
  return [
    { type: own.refers, path, ...further },
    ...said.map((one) => ({ type: own.type, path: one, ...further })),
    ...kind,
  ];
}

function joined(...steps: readonly string[]): string {
  return steps.filter((step) => step !== '').join('.');
}
