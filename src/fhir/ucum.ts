/**
 * Units of measure in canonical form (https://ucum.org/ucum), so that 1 g/L and 100 mg/dL are found by one search.
 * The units themselves are those of @atomic-ehr/ucum.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { limits } from '../limits.ts';

/** The system of UCUM codes in a Quantity. */
export const ucumSystem = 'http://unitsofmeasure.org';

/** `value * factor + offset` in the canonical unit. */
export interface CanonicalUnit {
  /** Base units with their exponents, such as `g.m-3`; `1` for a plain number. */
  readonly unit: string;
  readonly factor: number;
  readonly offset: number;
}

/**
 * The canonical form of a UCUM code; undefined where it is no code of UCUM, or longer than
 * limits.ucumCodeCharsMax.
 *
 * - Cel, [degF] and [degRe] become K. Other units on a scale of their own ([pH], dB) have no other form: their
 *   canonical unit is the code itself.
 * - Arbitrary units ([IU], [arb'U], [CFU]) stay in the unit as they are: they compare with themselves at
 *   any prefix, volume or time, and with nothing else.
 */
export function canonicalUnit(code: string): CanonicalUnit | undefined {
  if (code.length > limits.ucumCodeCharsMax) return undefined;
  const known = cache.get(code);
  if (known !== undefined) return known ?? undefined;
  const found = readUnit(code) ?? null;
  if (cache.size >= limits.ucumCacheMax) cache.clear();
  cache.set(code, found);
  return found ?? undefined;
}

/** A value in the canonical unit, to 12 significant digits: beyond them conversions differ. */
export function canonicalValue(value: number, { factor, offset }: CanonicalUnit): number {
  return rounded(value * factor + offset);
}

/** By code; null for what is none. */
const cache = new Map<string, CanonicalUnit | null>();

/** Scales that start elsewhere, in K. */
const temperatures: ReadonlyMap<string, CanonicalUnit> = new Map([
  ['Cel', { unit: 'K', factor: 1, offset: 273.15 }],
  ['[degF]', { unit: 'K', factor: 5 / 9, offset: (459.67 * 5) / 9 }],
  ['[degRe]', { unit: 'K', factor: 1.25, offset: 273.15 }],
]);

function readUnit(code: string): CanonicalUnit | undefined {
  const plain = code.replace(/\{[^{}]*\}$/, '');
  const temperature = temperatures.get(plain);
  if (temperature) return temperature;
  try {
    const { magnitude, units, specialFunction } = library().toCanonicalForm(code);
    if (specialFunction) return { unit: plain, factor: 1, offset: 0 };
    const factor = rounded(magnitude);
    if (!(factor > 0 && factor < Infinity)) return undefined;
    if (!units.every(({ unit }) => baseUnits.has(unit))) return undefined;
    const terms = new Map<string, number>(units.map(({ unit, exponent }) => [unit, exponent]));
    addArbitrary(library().parseUnit(code).ast, 1, terms);
    return { unit: termsText(terms), factor, offset: 0 };
  } catch {
    return undefined;
  }
}

/** The library takes any word that JavaScript knows as a property for a unit. */
const baseUnits: ReadonlySet<string> = new Set(['m', 'g', 's', 'rad', 'K', 'C', 'cd']);

/** What is used of the library, whose own declarations cannot be resolved under Node's rules. */
interface Library {
  parseUnit(code: string): { readonly ast?: UnitTree };
  toCanonicalForm(code: string): {
    readonly magnitude: number;
    readonly units: readonly { readonly unit: string; readonly exponent: number }[];
    readonly specialFunction?: object;
  };
}

type UnitTree =
  | {
      readonly type: 'binary';
      readonly operator: '.' | '/';
      readonly left: UnitTree;
      readonly right: UnitTree;
    }
  | { readonly type: 'unary'; readonly operand: UnitTree }
  | { readonly type: 'group'; readonly expression: UnitTree }
  | { readonly type: 'unit'; readonly atom: string; readonly exponent?: number }
  | { readonly type: 'factor' };

/** Adds the exponents of the arbitrary units: in brackets, and defined as one of nothing. */
function addArbitrary(tree: UnitTree | undefined, sign: 1 | -1, terms: Map<string, number>): void {
  switch (tree?.type) {
    case 'binary':
      addArbitrary(tree.left, sign, terms);
      addArbitrary(tree.right, tree.operator === '/' ? (-sign as 1 | -1) : sign, terms);
      return;
    case 'unary':
      addArbitrary(tree.operand, -sign as 1 | -1, terms);
      return;
    case 'group':
      addArbitrary(tree.expression, sign, terms);
      return;
    case 'unit': {
      const atom = tree.atom === '[iU]' ? '[IU]' : tree.atom;
      if (!isArbitrary(atom)) return;
      terms.set(atom, (terms.get(atom) ?? 0) + sign * (tree.exponent ?? 1));
      return;
    }
    default:
  }
}

function isArbitrary(atom: string): boolean {
  if (!atom.startsWith('[')) return false;
  const { magnitude, units, specialFunction } = library().toCanonicalForm(atom);
  return magnitude === 1 && units.length === 0 && !specialFunction;
}

function termsText(terms: ReadonlyMap<string, number>): string {
  const texts = [...terms]
    .filter(([, exponent]) => exponent !== 0)
    .map(([unit, exponent]) => (exponent === 1 ? unit : `${unit}${String(exponent)}`));
  return texts.sort().join('.') || '1';
}

function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : value;
}

const require = createRequire(import.meta.url);

/** Loaded (some 10 ms) at the first unit, so that a start does not wait for it. */
function library(): Library {
  return require(fileURLToPath(import.meta.resolve('@atomic-ehr/ucum'))) as Library;
}
