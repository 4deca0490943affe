import { defineConfig } from 'vitest/config';

const isEngine = process.env.MUTATE === 'engine';

/**
 * The tests that a mutant has to survive: the examples and tables of its own room, all without real parts. What takes
 * seconds for each mutant is left out (random sequences, the crash sweep, a thousand activations, days of waiting): what
 * only that would kill counts as survived.
 */
export default defineConfig({
  test: {
    testNamePattern: /^(?!.*(thousand|permanent))/,
    include: isEngine
      ? ['test/gateway/{engine,entitlement}/**/*.test.ts']
      : ['test/gateway/activation/**/*.test.ts'],
    exclude: isEngine
      ? ['test/gateway/engine/{crash-sweep,old-keys,deadlines}.test.ts']
      : ['test/gateway/activation/{sequences,ends}.test.ts'],
  },
});
