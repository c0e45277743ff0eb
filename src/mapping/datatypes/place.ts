import { compact, partText, typed, type Convert } from './convert.ts';

const physicalTypes = 'http://terminology.hl7.org/CodeSystem/location-physical-type';

/** The parts of a PL that say what kind of place it is, the smallest place first. */
const levels: readonly (readonly [part: number, code: string, display: string])[] = [
  [3, 'bd', 'Bed'],
  [2, 'ro', 'Room'],
  [8, 'lvl', 'Level'],
  [7, 'bu', 'Building'],
  [4, 'si', 'Site'],
];

/**
 * What kind of place a PL is: that of its smallest part, as a concept of location-physical-type. A point of care may be
 * a ward, a clinic or a desk: where it is the smallest part, the kind is not known.
 */
export const toPlaceLevel: Convert = (element) => {
  const level = levels.find(([part]) => partText(element, part) !== '');
  if (level === undefined || isOnlyWithin(element, level)) return undefined;
  const [, code, display] = level;
  return typed('CodeableConcept', compact({ coding: [{ system: physicalTypes, code, display }] }));
};

/** A floor, building or facility beside a point of care says where that is, not what it is. */
function isOnlyWithin(
  element: Parameters<Convert>[0],
  [part]: readonly [number, string, string],
): boolean {
  return part > 3 && partText(element, 1) !== '';
}
