import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/services.ts'],
    setupFiles: ['test/helpers/fast-check-seed.ts'],
    // Live tests wait most of the time: two at once also where there are two processors.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // They end what would never end: verdicts do not depend on the speed of the machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // CI reads its closing line from the file.
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/tests.json' }]] : ['default'],
  },
});
