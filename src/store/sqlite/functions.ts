import type Database from 'better-sqlite3-multiple-ciphers';
import { metersBetween } from '../../fhir/position.ts';

/** Functions of ours that search statements call. Every connection that searches needs them. */
export function defineFunctions(db: Database): void {
  db.function(
    'meters_between',
    { deterministic: true },
    (latitude, longitude, toLatitude, toLongitude) =>
      metersBetween(
        { latitude: Number(latitude), longitude: Number(longitude) },
        { latitude: Number(toLatitude), longitude: Number(toLongitude) },
      ),
  );
}
