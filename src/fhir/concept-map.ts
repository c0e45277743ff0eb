/** `ConceptMap/$translate`: http://hl7.org/fhir/R4/conceptmap-operation-translate.html. */
import { listOf, textOf } from './code-system.ts';
import type { Coding, Resource } from './resource.ts';

type Members = Readonly<Record<string, unknown>>;

export interface Translation {
  readonly equivalence: string;
  readonly concept: Coding;
  readonly product: readonly Members[];
  /** URL of the map that says so. */
  readonly source: string;
}

export interface TranslationRequest {
  readonly coding: Coding;
  /** Only to this system. */
  readonly targetSystem?: string;
  /** From target to source. */
  readonly reverse: boolean;
}

/** Finds the map of `unmapped.mode = other-map`. */
export type MapByUrl = (canonical: string) => Resource | undefined;

/** What the maps say of a coding; each pair of equivalence and concept once, in the order of the maps. */
export function translate(
  maps: readonly Resource[],
  request: TranslationRequest,
  byUrl: MapByUrl = () => undefined,
): readonly Translation[] {
  const found = new Map<string, Translation>();
  for (const map of maps) {
    for (const translation of translateBy(map, request, byUrl, new Set())) {
      const { system = '', code = '' } = translation.concept;
      const key = `${translation.equivalence} ${system}|${code}`;
      if (!found.has(key)) found.set(key, translation);
    }
  }
  return [...found.values()];
}

/** Whether a translation was found: `unmatched` and `disjoint` say that there is none. */
export function isTranslated(translations: readonly Translation[]): boolean {
  return translations.some(({ equivalence }) => !['unmatched', 'disjoint'].includes(equivalence));
}

/** The maps that `unmapped` leads on to. */
export function otherMaps(map: Resource): readonly string[] {
  return listOf(map['group']).flatMap(({ unmapped }) => {
    const { mode, url } = (unmapped ?? {}) as Members;
    return mode === 'other-map' && typeof url === 'string' ? [url] : [];
  });
}

function translateBy(
  map: Resource,
  request: TranslationRequest,
  byUrl: MapByUrl,
  seen: Set<Resource>,
): readonly Translation[] {
  if (seen.has(map)) return [];
  seen.add(map);
  const groups = listOf(map['group']);
  if (request.reverse) return groups.flatMap((group) => backward(map, group, request));
  return groups.flatMap((group) => {
    const { coding, targetSystem } = request;
    if (!isOf(group['source'], coding.system) || !isOf(group['target'], targetSystem)) return [];
    const element = listOf(group['element']).find(({ code }) => code === coding.code);
    if (!element) return unmapped(map, group, request, { byUrl, seen });
    return listOf(element['target']).map((target) => forward(map, group, target));
  });
}

function isOf(own: unknown, asked: string | undefined): boolean {
  return asked === undefined || own === undefined || own === asked;
}

function forward(map: Resource, group: Members, target: Members): Translation {
  return {
    equivalence: textOf(target['equivalence']) ?? 'relatedto',
    concept: codingOf(group['target'], target),
    product: listOf(target['product']),
    source: textOf(map['url']) ?? '',
  };
}

function backward(
  map: Resource,
  group: Members,
  { coding, targetSystem }: TranslationRequest,
): readonly Translation[] {
  if (!isOf(group['target'], coding.system) || !isOf(group['source'], targetSystem)) return [];
  return listOf(group['element']).flatMap((element) =>
    listOf(element['target'])
      .filter(({ code }) => code === coding.code)
      .map((target) => ({
        equivalence: turned(textOf(target['equivalence']) ?? 'relatedto'),
        concept: codingOf(group['source'], element),
        product: [],
        source: textOf(map['url']) ?? '',
      })),
  );
}

/** How the source stands to the target, where the target stands to the source so. */
function turned(equivalence: string): string {
  const turns: Readonly<Record<string, string>> = {
    wider: 'narrower',
    narrower: 'wider',
    subsumes: 'specializes',
    specializes: 'subsumes',
  };
  return turns[equivalence] ?? equivalence;
}

function unmapped(
  map: Resource,
  group: Members,
  request: TranslationRequest,
  { byUrl, seen }: { readonly byUrl: MapByUrl; readonly seen: Set<Resource> },
): readonly Translation[] {
  const rule = (group['unmapped'] ?? {}) as Members;
  const source = textOf(map['url']) ?? '';
  switch (rule['mode']) {
    case 'provided': {
      const { code, display } = request.coding;
      const concept = codingOf(group['target'] ?? group['source'], { code, display });
      return [{ equivalence: 'equal', concept, product: [], source }];
    }
    case 'fixed':
      return [
        { equivalence: 'inexact', concept: codingOf(group['target'], rule), product: [], source },
      ];
    case 'other-map': {
      const other = byUrl(textOf(rule['url']) ?? '');
      return other ? translateBy(other, request, byUrl, seen) : [];
    }
    default:
      return [];
  }
}

function codingOf(system: unknown, { code, display }: Members): Coding {
  return {
    ...(typeof system === 'string' ? { system } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof display === 'string' ? { display } : {}),
  };
}
