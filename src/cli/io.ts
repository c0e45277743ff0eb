import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes: results to stdout, logs and progress to stderr. */
export interface CliIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** What a command's exit says. */
export const exitCode = {
  done: 0,
  /** The answer is no: a check failed, a message was refused. */
  no: 1,
  /** Wrong usage: an unknown flag, a missing argument. */
  usage: 2,
  /** A fault of ours. */
  fault: 3,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Thrown by a command that was called wrongly; main prints the text and exits with `usage`. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Thrown where the running server says no, or none answers; main prints the text and exits with `no`. */
export class NoAnswer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoAnswer';
  }
}
