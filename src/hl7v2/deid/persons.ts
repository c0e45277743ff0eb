import type { Message, Segment } from '../message.ts';

/** Fields of PID and MRG that name a person by number: all that one segment has are of one person. */
const numbers: Readonly<Record<string, readonly number[]>> = {
  PID: [2, 3, 4, 19],
  MRG: [1, 2, 4],
};

/**
 * Who is who in a folder of messages: numbers that once stood together, or were merged, are one person's. Learn all messages
 * before asking.
 */
export class Persons {
  readonly #parents = new Map<string, string>();

  learn(message: Message): void {
    for (const part of partsOf(message)) {
      const [first, ...others] = keysOf(part, message);
      for (const other of others) this.#join(first ?? other, other);
    }
  }

  /** A key of the person whom each segment is about, by its index: the one of the last PID, before the first PID of that. */
  of(message: Message): (segmentIndex: number) => string {
    const parts = partsOf(message).map((part) => ({
      from: part[0]?.index ?? 0,
      person: this.#root(keysOf(part, message)[0] ?? ''),
    }));
    const [first] = parts;
    return (index) => parts.findLast(({ from }) => from <= index)?.person ?? first?.person ?? '';
  }

  #root(key: string): string {
    let at = key;
    for (let up = this.#parents.get(at); up !== undefined; up = this.#parents.get(at)) at = up;
    return at;
  }

  /** The least key stands for all, so that the order of the messages does not count. */
  #join(a: string, b: string): void {
    const [one, other] = [this.#root(a), this.#root(b)];
    if (one !== other) this.#parents.set(one < other ? other : one, one < other ? one : other);
  }
}

/** Each PID with the segments below it. */
function partsOf({ segments }: Message): readonly (readonly Segment[])[] {
  const starts = segments.filter(({ name }) => name === 'PID').map(({ index }) => index);
  return starts.map((start, at) => segments.slice(start, starts[at + 1]));
}

function keysOf(part: readonly Segment[], message: Message): readonly string[] {
  const keys = part.flatMap((segment) =>
    (numbers[segment.name] ?? []).flatMap((field) =>
      segment
        .field(field)
        .repetitions()
        .flatMap((each) => {
          const number = each.component(1).text.trim().toLowerCase();
          const authority = each.component(4).text.trim().toLowerCase();
          return number === '' ? [] : [`${field === 19 ? 'ssn' : authority}|${number}`];
        }),
    ),
  );
  if (keys.length > 0) return keys;
  const [pid] = part;
  const described = [5, 7].map((field) => pid?.field(field).raw ?? '').join('|');
  return [
    described === '|' ? `message ${message.controlId}` : `described ${described.toLowerCase()}`,
  ];
}
