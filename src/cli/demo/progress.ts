import type { Writable } from 'node:stream';

/** A progress bar on a terminal; on anything else a line at each tenth. */
export function progressBar(
  out: Writable & { readonly isTTY?: boolean },
  total: number,
): (done: number, label: string) => void {
  const width = 32;
  let tenth = -1;
  return (done, label) => {
    const share = total === 0 ? 1 : done / total;
    if (out.isTTY === true) {
      const filled = Math.round(share * width);
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
      out.write(`\r${bar} ${done}/${total} ${label.padEnd(24)}${done === total ? '\n' : ''}`);
    } else if (Math.floor(share * 10) !== tenth) {
      tenth = Math.floor(share * 10);
      out.write(`${done}/${total} ${label}\n`);
    }
  };
}
