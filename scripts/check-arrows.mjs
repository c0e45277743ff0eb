// Proves the arrows of docs/ARCHITECTURE.md with dependency-cruiser, and proves that it looked: a cruise
// that saw fewer modules than src/ has files is a red gate, not a green one.
import { readdirSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const config = await extractConfig('./.dependency-cruiser.cjs');
const { options, ...ruleSet } = config;
const { output } = await cruise(
  ['src'],
  { ...options, ruleSet, validate: true, outputType: 'json' },
  undefined,
  { tsConfig: extractTsConfig('./tsconfig.json') },
);
const { modules, summary } = JSON.parse(output);

for (const { rule, from, to } of summary.violations) {
  process.stdout.write(`${rule.name}: ${from} -> ${to}\n`);
}
const files = readdirSync('src', { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts') && !file.startsWith('web/client/'));
const cruised = new Set(modules.map(({ source }) => source));
const unseen = files.filter((file) => !cruised.has(`src/${file}`));
for (const file of unseen) process.stdout.write(`not looked at: src/${file}\n`);

process.stdout.write(`${cruised.size} modules cruised, ${files.length} files in src\n`);
process.exit(summary.violations.length + unseen.length === 0 ? 0 : 1);
