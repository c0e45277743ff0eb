import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildPagesIfStale } from '../../src/web/build.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weir-build-'));
  write('src/web/client/main.tsx', 'one');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A builder that writes the sources as the page, counts its runs, or ends with a fault. */
function builder(fault = ''): void {
  write('node_modules/vite/package.json', '{"type":"module"}');
  write(
    'node_modules/vite/bin/vite.js',
    `import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const out = process.argv[process.argv.indexOf('--outDir') + 1];
appendFileSync('runs', 'x');
mkdirSync(out, { recursive: true });
${fault}
writeFileSync(out + '/index.html', readFileSync('src/web/client/main.tsx'));
`,
  );
}

it('builds what is missing or made from other sources, and nothing else', async () => {
  builder();
  expect(await buildPagesIfStale(root)).toBe('built');
  expect(await buildPagesIfStale(root)).toBe('fresh');
  write('src/web/client/main.tsx', 'two');
  expect(await buildPagesIfStale(root)).toBe('built');
  expect(read('dist/web/index.html')).toBe('two');
  write('src/web/client/more.tsx', '');
  expect(await buildPagesIfStale(root)).toBe('built');
  expect(read('runs')).toBe('xxx');
  expect(readdirSync(join(root, 'dist'))).toEqual(['web']);
});

it('leaves what is there when it cannot build', async () => {
  write('dist/web/index.html', 'old');
  expect(await buildPagesIfStale(root)).toBe('no-builder');
  builder('process.exit(1);');
  expect(await buildPagesIfStale(root)).toBe('failed');
  expect(read('dist/web/index.html')).toBe('old');
  expect(existsSync(join(root, 'dist/web/.sources'))).toBe(false);
  expect(readdirSync(join(root, 'dist'))).toEqual(['web']);
});
