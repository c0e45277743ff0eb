/** The search parameter `near`: `latitude|longitude|distance|units` (http://hl7.org/fhir/R4/location.html#positional). */
import type { SearchNode } from './search-ast.ts';
import { splitValues, unescape } from './search-escape.ts';
import { canonicalUnit, canonicalValue } from './ucum.ts';

/** What is near where no distance is said; R4 leaves it to the server. */
const defaultDistance = '50';

/**
 * The node of one value. Degrees in WGS 84; the units are those of length in UCUM, such as `m` and `[mi_us]`, and km
 * where none are said. Undefined where the value is none, lies beside the earth, or the distance is negative.
 */
export function readNear(param: string, text: string): SearchNode | undefined {
  const [latitude, longitude, distance, unit, ...more] = splitValues(text, '|').map(unescape);
  if (more.length > 0) return undefined;
  const place = { latitude: numberOf(latitude), longitude: numberOf(longitude) };
  if (!(Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180)) return undefined;
  const length = canonicalUnit(unit === undefined || unit === '' ? 'km' : unit);
  if (length?.unit !== 'm') return undefined;
  const asked = distance === undefined || distance === '' ? defaultDistance : distance;
  const meters = canonicalValue(numberOf(asked), length);
  return meters >= 0 ? { op: 'near', param, ...place, meters } : undefined;
}

/** NaN for what is no decimal. */
function numberOf(text = ''): number {
  return /^[+-]?\d{1,20}(?:\.\d{1,20})?$/.test(text) ? Number(text) : NaN;
}
