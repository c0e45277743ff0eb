import { randomUUID } from 'node:crypto';

/**
 * A source of UUIDv7 (RFC 9562, 5.7): time-ordered, so that index pages fill from one side. Within one
 * millisecond a counter keeps the order, also when the clock is set back.
 */
export function uuidSource(now: () => Date): () => string {
  let last = 0;
  let counter = 0;
  let time = '';
  return () => {
    // Node draws many of these at a time; the last two groups of one are 62 random bits and the variant.
    const random = randomUUID();
    const current = now().getTime();
    if (current > last) {
      last = current;
      counter = parseInt(random.slice(0, 3), 16) & 0x7ff;
      time = timePart(last);
    } else if (counter < 0xfff) {
      counter += 1;
    } else {
      last += 1;
      counter = 0;
      time = timePart(last);
    }
    return `${time}-7${hex(counter, 3)}${random.slice(18)}`;
  };
}

/** The first two groups: 48 bits of milliseconds. */
function timePart(milliseconds: number): string {
  const digits = hex(milliseconds, 12);
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
