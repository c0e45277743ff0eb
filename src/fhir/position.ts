/** Distances on the earth, for the search parameter `near` (http://hl7.org/fhir/R4/location.html#positional). */

/** The mean radius of the earth in meters (IUGG); it is taken as a sphere, which errs by 0.5 % at most. */
const earthRadiusMeters = 6_371_008.8;

/** A point in degrees, WGS 84. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** Great-circle distance in meters, by the haversine formula. */
export function metersBetween(a: Position, b: Position): number {
  const latitude = sinSquaredOfHalf(b.latitude - a.latitude);
  const longitude = sinSquaredOfHalf(b.longitude - a.longitude);
  const h = latitude + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * longitude;
  return 2 * earthRadiusMeters * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The latitudes, in degrees, between which everything within so many meters lies. */
export function latitudesWithin(
  { latitude }: Position,
  meters: number,
): { readonly lo: number; readonly hi: number } {
  const span = ((meters / earthRadiusMeters) * 180) / Math.PI;
  // A hair wider, so that rounding leaves nothing out: what is inside is measured again.
  const margin = 1e-9;
  return { lo: latitude - span - margin, hi: latitude + span + margin };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function sinSquaredOfHalf(degrees: number): number {
  return Math.sin(radians(degrees) / 2) ** 2;
}
