import type Database from 'better-sqlite3-multiple-ciphers';
import { metersBetween } from '../../fhir/position.ts';
import type { Word } from '../../fhir/search-ast.ts';
import { contentHas } from '../../fhir/search-text.ts';

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
  let asked = '';
  let words: readonly Word[] = [];
  db.function('content_has', { deterministic: true }, (body, text) => {
    if (text !== asked) {
      asked = String(text);
      words = JSON.parse(asked) as readonly Word[];
    }
    return contentHas(String(body), words) ? 1 : 0;
  });
}
