import type { z } from 'zod';
import type { Mistake } from '../../shared/files/mistake.ts';
import { mistakesOf as mistakesOfFile } from '../../shared/files/mistake.ts';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { whyNotReproducible } from '../faults/not-reproducible.ts';

/** Returns what the schema found, a mistake each; a fault that no run can reproduce says why. `of` is what the document should be. */
export function mistakesOf(error: z.ZodError, document: unknown, of = 'a scenario'): Mistake[] {
  return mistakesOfFile(
    error,
    document,
    of,
    (issue, value) => (issue.path.at(-1) === 'type' ? whyNotReproducible(value) : null) ?? fixHint(issue),
  );
}
