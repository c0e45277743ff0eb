import { Duration, IANAZone } from 'luxon';
import { scalarText, type TreeReader } from '../../mapping/language/tree-reader.ts';

/** A duration such as PT30S, in milliseconds. */
export function durationMs(body: TreeReader | undefined, key: string): number | undefined {
  const text = body?.text(key);
  if (body === undefined || text === undefined) return undefined;
  const millis = Duration.fromISO(text.value).toMillis();
  if (millis > 0) return millis;
  body.issues.add(text.place, `\`${key}\` is a duration such as PT30S`);
  return undefined;
}

/** A whole number that is not below `least`. */
export function number(
  body: TreeReader | undefined,
  key: string,
  least: number,
): number | undefined {
  const text = body?.text(key);
  if (body === undefined || text === undefined) return undefined;
  const value = Number(text.value);
  if (Number.isInteger(value) && value >= least) return value;
  body.issues.add(text.place, `\`${key}\` is a whole number, ${least} or more`);
  return undefined;
}

/** An IANA zone. */
export function zone(body: TreeReader, key: string): string | undefined {
  const text = body.text(key);
  if (text === undefined || IANAZone.isValidZone(text.value)) return text?.value;
  body.issues.add(text.place, `\`${key}\` is an IANA zone such as Europe/Rome`);
  return undefined;
}

/** `22:30`, as minutes after midnight. */
export function clockMinute(body: TreeReader, key: string): number | undefined {
  const text = body.text(key);
  const [, hour = '', minute = ''] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text?.value ?? '') ?? [];
  if (hour !== '') return Number(hour) * 60 + Number(minute);
  body.issues.add(text?.place ?? body.place, `\`${key}\` is a time of day such as "22:30"`);
  return undefined;
}

/** A map of names to texts. */
export function scalars(body: TreeReader, key: string): ReadonlyMap<string, string> {
  const map = body.map(key);
  const found = new Map<string, string>();
  for (const [name, { value }] of map?.tree.entries ?? []) {
    const text = scalarText(value);
    if (text === undefined) body.issues.add(value.place, `\`${name}\` must be a text`);
    else found.set(name, text);
  }
  return found;
}
