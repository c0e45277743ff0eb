import type { OpenCode } from './open-code.ts';

/** An open code over many messages. */
export interface CodeToDo extends OpenCode {
  readonly feed: string;
  /** When it was seen first and last: instants, or empty where it is not known. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** A message that has it. */
  readonly example: string;
}

/** Adds up the open codes of messages, each by its feed, table, system and element. */
export class CodeWorklist {
  readonly #rows = new Map<string, CodeToDo>();

  /** @param at When the message was seen, an instant, or empty; @param example what to find it by. */
  add(
    codes: readonly OpenCode[],
    { feed, at, example }: { readonly feed: string; readonly at: string; readonly example: string },
  ): void {
    for (const code of codes) this.put({ ...code, feed, firstAt: at, lastAt: at, example });
  }

  /** Adds what was counted elsewhere. */
  put(row: CodeToDo): void {
    const key = JSON.stringify([row.feed, row.table, row.system, row.code, row.element]);
    const known = this.#rows.get(key);
    this.#rows.set(key, known === undefined ? row : added(known, row));
  }

  /** Most frequent first, then by table and code. */
  rows(): readonly CodeToDo[] {
    return [...this.#rows.values()].sort(
      (a, b) => b.count - a.count || compare(a.table, b.table) || compare(a.code, b.code),
    );
  }
}

function added(known: CodeToDo, row: CodeToDo): CodeToDo {
  const times = [known.firstAt, known.lastAt, row.firstAt, row.lastAt]
    .filter((at) => at !== '')
    .sort();
  return {
    ...known,
    display: known.display === '' ? row.display : known.display,
    count: known.count + row.count,
    firstAt: times[0] ?? '',
    lastAt: times.at(-1) ?? '',
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
