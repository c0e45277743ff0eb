import { join, relative } from 'node:path';
import type { Config } from '../config.ts';
import { builtInDefinitions } from '../fhir/built-in-definitions.ts';
import { candidatesFor, candidatesOfSystem, type AtHand } from '../mapping/codes/candidates.ts';
import { wordsOf } from '../mapping/codes/likeness.ts';
import { suggest, type Candidate, type Suggestion } from '../mapping/codes/suggest.ts';
import type { CodeToDo } from '../mapping/codes/worklist.ts';
import type { CompiledPack } from '../mapping/pack.ts';
import type { ParsedArguments } from './arguments.ts';
import { codeSheet } from './codes-sheet.ts';
import { readOpenCodes } from './codes-source.ts';
import { siteConformance, systemsAtHand } from './code-systems.ts';
import { exitCode, type CliIo, type ExitCode } from './io.ts';
import { openMapping } from './open-mapping.ts';
import { table } from './table.ts';

/** What HL7 calls so in quite another place has to be called just so. */
const elsewhereMin = 0.9;

/**
 * `weir codes suggest [PATH...]`: what each open code could become, with a score and a reason; writes nothing into the site.
 * `--csv` is the sheet of `codes todo` with the best suggestion beside each code.
 */
export async function codesSuggestCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const mapping = await openMapping(config, overlayOf(args), io);
  const codes = mapping && (await readOpenCodes(config, args, io));
  if (mapping === undefined || codes === undefined) return exitCode.no;
  const atHand = await allAtHand(config.site, mapping.pack);
  const everything = await Everything.open();
  const all = codes.map((code): Suggested => {
    const near = suggest(code, candidatesFor(code, atHand));
    const isFree = code.table === '' && near.length === 0;
    return { code, suggestions: isFree ? everything.suggest(code) : near };
  });
  io.stdout.write(`${pageOf(all, args.flags)}\n`);
  return exitCode.done;
}

/** Of a server the feed may be one that the site here does not have. */
function overlayOf({ flags }: ParsedArguments): ParsedArguments['flags'] {
  const { '--overlay': overlay } = flags;
  return overlay === undefined ? {} : { '--overlay': overlay };
}

interface Suggested {
  readonly code: CodeToDo;
  readonly suggestions: readonly Suggestion[];
}

async function allAtHand(site: string, { maps }: CompiledPack): Promise<AtHand> {
  const compiled = maps.flatMap(({ base, variants }) => [base, ...variants.map(({ map }) => map)]);
  const tables = new Set(compiled.flatMap((map) => [...map.tables.values()]));
  const folder = join(relative(process.cwd(), site) || '.', 'mappings');
  const isOfSite = (file: string): boolean =>
    site !== '' && (file.startsWith(`${folder}/`) || file.startsWith(`${join(site, 'mappings')}/`));
  const conformance = await siteConformance(site);
  return {
    tables: [...tables].map(({ rule }) => {
      const files = [rule.place, ...[...rule.rows.values()].map(({ place }) => place)];
      return { rule, isOfSite: files.some(({ file }) => isOfSite(file)) };
    }),
    conceptMaps: conformance.filter(({ resourceType }) => resourceType === 'ConceptMap'),
    systemOf: await systemsAtHand(site),
  };
}

/** All terminology of HL7 that comes with the program, by the beginnings of its words. */
class Everything {
  readonly #byStart = new Map<string, Candidate[]>();

  static async open(): Promise<Everything> {
    const all = new Everything();
    const systemOf = await systemsAtHand('');
    const built = await builtInDefinitions();
    for (const url of built.urls('CodeSystem')) {
      for (const candidate of candidatesOfSystem(systemOf(url))) all.#add(candidate);
    }
    return all;
  }

  #add(candidate: Candidate): void {
    for (const start of starts(candidate.display)) {
      const known = this.#byStart.get(start);
      if (known === undefined) this.#byStart.set(start, [candidate]);
      else known.push(candidate);
    }
  }

  suggest(code: CodeToDo): readonly Suggestion[] {
    if (code.display === '') return [];
    const near = [...starts(code.display)].flatMap((start) => this.#byStart.get(start) ?? []);
    return suggest({ code: '', display: code.display }, near, elsewhereMin);
  }
}

function starts(name: string): ReadonlySet<string> {
  return new Set(wordsOf(name).map((word) => word.slice(0, 3)));
}

function pageOf(all: readonly Suggested[], flags: ParsedArguments['flags']): string {
  if (flags['--json'] === true) {
    return JSON.stringify(
      all.map(({ code, suggestions }) => ({ ...code, suggestions })),
      null,
      2,
    );
  }
  if (flags['--csv'] === true) return sheetOf(all).trimEnd();
  if (all.length === 0) return 'Nothing to do: every code has a row, or a system that others know';
  const rows = all.flatMap(({ code, suggestions }) => {
    const said = [code.table || '-', code.code, code.display || '-'];
    if (suggestions.length === 0) return [[...said, '-', '', '', 'nothing at hand is like it']];
    return suggestions.map(({ score, system, code: target, display, why }, at) => [
      ...(at === 0 ? said : ['', '', '']),
      ...[score.toFixed(2), `${system}|${target}`, display, why],
    ]);
  });
  return table(['table', 'code', 'display', 'score', 'could be', 'called', 'why'], rows).join('\n');
}

function sheetOf(all: readonly Suggested[]): string {
  const best = new Map(all.map(({ code, suggestions }) => [code, suggestions[0]]));
  return codeSheet(
    all.map(({ code }) => code),
    {
      head: ['suggested_system', 'suggested_code', 'suggested_display', 'score', 'why'],
      cells: (code) => {
        const found = best.get(code);
        if (found === undefined) return ['', '', '', '', ''];
        return [found.system, found.code, found.display, found.score.toFixed(2), found.why];
      },
    },
  );
}
