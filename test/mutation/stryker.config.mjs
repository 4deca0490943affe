const room = process.env.MUTATE ?? 'activation';

/** `npm run mutate`: Stryker on the pure lifecycle with its policy, then on the engine. docs/mutation.md has the score. */
export default {
  packageManager: 'npm',
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  mutate: room === 'engine' ? ['gateway/{engine,entitlement}/*.ts'] : [`gateway/${room}/*.ts`],
  ignoreStatic: room === 'engine',
  ignorePatterns: ['dist*', 'reports', 'docs'],
  // TypeScript 7 has no API with which Stryker could rewrite the file for its copy; nothing in a copy reads it.
  tsconfigFile: 'none',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: `reports/mutation-${room}.json` },
  concurrency: 2,
  timeoutMS: 12_000,
  tempDirName: 'reports/stryker',
};
