import type { Writable } from 'node:stream';
import type { CopyProgress } from '../store/copy-options.ts';

const barWidth = 30;
/** Batches between two lines where the output is no terminal. */
const batchesPerLine = 100;

/** Says how far a copy is: one line that changes on a terminal, a line now and then elsewhere. */
export function copyProgress(output: Writable & { readonly isTTY?: boolean }): {
  readonly onProgress: (progress: CopyProgress) => void;
  readonly end: () => void;
} {
  let section: CopyProgress['section'] | undefined;
  let batches = 0;
  if (output.isTTY === true) {
    return {
      onProgress: (progress) => {
        if (section !== undefined && section !== progress.section) output.write('\n');
        section = progress.section;
        output.write(`\r\u001b[K${lineOf(progress)}`);
      },
      end: () => void output.write('\n'),
    };
  }
  return {
    onProgress: (progress) => {
      batches = section === progress.section ? batches + 1 : 0;
      section = progress.section;
      if (batches % batchesPerLine === 0 || isDone(progress)) {
        output.write(`${lineOf(progress)}\n`);
      }
    },
    end: () => undefined,
  };
}

function lineOf({ section, done, total }: CopyProgress): string {
  if (total === undefined || total === 0) return `${section}: ${done}`;
  const filled = Math.min(barWidth, Math.round((done / total) * barWidth));
  return `${section}: [${'='.repeat(filled).padEnd(barWidth)}] ${done} of ${total}`;
}

function isDone({ done, total }: CopyProgress): boolean {
  return done === total;
}
