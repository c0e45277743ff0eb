// How Node runs Weir: what the launcher, the image (Dockerfile) and the benchmarks start it with.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Arguments of Node, before the program. */
export const nodeArguments = [
  // Node keeps some 96 MB for young objects where it may; a quarter of that serves as well.
  '--max-semi-space-size=8',
  // V8 lets a heap grow to four times what lives in it before it collects the old; pages once taken stay taken. Of the 77 MB
  // that live under load it made 310. To collect some three times as often costs 3 % of processor time.
  '--heap-growing-percent=80',
  // With memory protection keys V8 now and then loses track of code pages where threads with WebAssembly (Node strips
  // types by it) come and go, and ends the process ("Check failed: jit_page.has_value()").
  '--no-memory-protection-keys',
];

/** The environment with what Weir adds; what is set there stays. */
export function weirEnvironment(env) {
  return {
    // Else glibc gives each thread a pool of its own, and what was freed in one is no use to the others.
    MALLOC_ARENA_MAX: '2',
    // Where main.ts would keep it too; known from the first file on, Node need not load what strips types: 14 MB.
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    ...env,
  };
}
