import { spawnSync } from 'node:child_process';
import { requirement } from './requirement.ts';

export const strace = requirement(
  spawnSync('strace', ['-V']).status === 0 ? undefined : 'no strace here',
);

/** One system call of one thread. */
export interface Call {
  readonly thread: string;
  readonly name: string;
  /** Its arguments as strace prints them: file descriptors with their paths (`-y`). */
  readonly text: string;
  readonly result: number;
  /** Lines of the trace at which it began and ended. */
  readonly begun: number;
  readonly ended: number;
}

const unfinished = ' <unfinished ...>';

/** The calls of a trace (`strace -f -y`) that came to an end, in the order of their ends. */
export function* callsIn(lines: Iterable<string>): Generator<Call> {
  const open = new Map<string, Omit<Call, 'result' | 'ended'>>();
  let at = 0;
  for (const line of lines) {
    at += 1;
    const space = line.indexOf(' ');
    const thread = line.slice(0, space);
    const rest = line.slice(space).trimStart();
    const begun = rest.startsWith('<...')
      ? continuation(open.get(thread), rest)
      : beginning({ thread, begun: at }, rest);
    if (begun === undefined) continue;
    if (begun.text.endsWith(unfinished)) {
      open.set(thread, { ...begun, text: begun.text.slice(0, -unfinished.length) });
    } else yield { ...begun, result: resultIn(begun.text), ended: at };
  }
}

function beginning(place: Pick<Call, 'thread' | 'begun'>, rest: string) {
  const name = /^\w+(?=\()/.exec(rest)?.[0];
  return name === undefined ? undefined : { ...place, name, text: rest.slice(name.length + 1) };
}

function continuation(open: Omit<Call, 'result' | 'ended'> | undefined, rest: string) {
  return open && { ...open, text: open.text + rest.slice(rest.indexOf('>') + 1) };
}

/** The number after the last equals sign: no data stands behind it. */
function resultIn(text: string): number {
  return Number(/^.*\) += (-?\d+)/s.exec(text)?.[1]);
}
