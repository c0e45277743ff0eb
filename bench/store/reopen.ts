import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A data file opened by a fresh process; the operating system still has its pages. */
export interface ReopenFigures {
  readonly readyMs: number;
  /** The first call of each shape of search. */
  readonly firstCallMs: Readonly<Record<string, number>>;
  /** Resident memory of that process: opened, after the searches, after 2,000 commits. */
  readonly openedMiB: number;
  readonly searchedMiB: number;
  readonly writtenMiB: number;
}

export function measureReopen(file: string, size: number): ReopenFigures {
  const child = fileURLToPath(new URL('reopen-child.ts', import.meta.url));
  const answer = execFileSync(process.execPath, [child, file, String(size)], { encoding: 'utf8' });
  return JSON.parse(answer) as ReopenFigures;
}
