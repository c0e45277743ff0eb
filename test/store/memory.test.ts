import { openMemoryStore } from '../../src/store/memory.ts';
import { storeContract } from '../contract/store.ts';

storeContract({ name: 'memory', open: () => Promise.resolve({ store: openMemoryStore() }) });
