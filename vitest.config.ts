import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/mongo/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Each store starts a thread: it need not strip the types of its files every time. That is WebAssembly, and where
    // threads with it come and go by the hundred V8 13.6 loses track of code pages and ends the process.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)),
    },
    coverage: {
      provider: 'v8',
      // The pure rooms, which start no thread: while it measures, vitest lets Node keep nothing of what it stripped.
      include: ['src/{hl7v2,fhir,mapping,record}/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
