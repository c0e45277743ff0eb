import { openMemoryStore } from '../../src/store/memory.ts';
import { storeContract } from '../contract/store.ts';

storeContract({
  name: 'memory',
  open: () => Promise.resolve({ store: openMemoryStore() }),
  skip: [
    {
      reason: 'it keeps nothing when it is closed',
      tests: [
        'law 2: what was committed is there after closing and opening again',
        'law 10: undone rows are there after opening again',
        'law 13: events are there after opening again, and positions go on',
      ],
    },
  ],
});
