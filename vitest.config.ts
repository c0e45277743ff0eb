import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Rooms whose tests take long: they begin first, so that none of them is left to one worker in the end. */
const longRooms = ['crash', 'e2e', 'property', 'store', 'feed'];

class LongRoomsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const room = longRooms.findIndex((name) => moduleId.includes(`/test/${name}/`));
      return room < 0 ? longRooms.length : room;
    };
    return (await super.sort(files)).toSorted((one, two) => place(one) - place(two));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/mongo/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongRoomsFirst },
    // Of two cores: a third of the time the tests of servers wait for a clock, a disk or another process.
    maxWorkers: 3,
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
