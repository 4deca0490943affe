// Runs the import rules, and refuses a run that read no module (a resolver that silently finds nothing passes everything).
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import config from '../.dependency-cruiser.cjs';

const folders = ['gateway', 'simulator', 'shared', 'test'];
const { output } = await cruise(
  folders,
  { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true, outputType: 'json' },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
);
const { modules, summary } = JSON.parse(output);
const own = modules.filter((module) => folders.some((folder) => module.source.startsWith(`${folder}/`)));
for (const { from, to, rule } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(`import rules: ${own.length} modules, ${summary.violations.length} violations`);
if (own.length < 20 || summary.violations.length > 0) process.exit(1);
