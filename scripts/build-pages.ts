// Builds the pages if they are missing or stale: `node scripts/build-pages.ts`.
import { buildPagesIfStale } from '../src/web/build.ts';

const outcome = await buildPagesIfStale(process.cwd());
process.stdout.write(`pages: ${outcome}\n`);
process.exit(outcome === 'fresh' || outcome === 'built' ? 0 : 1);
