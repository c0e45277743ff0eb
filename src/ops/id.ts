import { randomBytes, randomFillSync } from 'node:crypto';

/**
 * A source of UUIDv7 (RFC 9562, 5.7): time-ordered, so that index pages fill from one side. Within one
 * millisecond a counter keeps the order, also when the clock is set back.
 */
export function uuidSource(now: () => Date): () => string {
  let last = 0;
  let counter = 0;
  const random = randomPool();
  return () => {
    const time = now().getTime();
    if (time > last) {
      last = time;
      counter = randomBytes(2).readUInt16BE() & 0x7ff;
    } else {
      counter += 1;
      if (counter > 0xfff) {
        last += 1;
        counter = 0;
      }
    }
    const bytes = random(16);
    bytes.writeUIntBE(last, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
    const hex = bytes.toString('hex');
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-');
  };
}

/** Random bytes, drawn from the system many at a time: one call for each id takes longer than the id. */
function randomPool(): (count: number) => Buffer {
  const pool = Buffer.alloc(4_096);
  let used = pool.length;
  return (count) => {
    if (used + count > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    return pool.subarray(used, (used += count));
  };
}
