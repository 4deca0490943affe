import { UsageError } from './exit.ts';

const least = [20, 19] as const;

/** Refuses a Node version that is too old with a sentence, before it fails with an obscure error. */
export function checkNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return;
  throw new UsageError(
    `Node ${version} is too old: Fleetwake needs Node ${least.join('.')} or later (20, 22 or 24)`,
  );
}
