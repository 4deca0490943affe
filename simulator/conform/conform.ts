import { TransportError } from '../../shared/ports/http.ts';
import { callbackClaims } from './callback-claims.ts';
import { broken, type Claim, type Finding } from './claim.ts';
import { commandClaims } from './command-claims.ts';
import { NotTaken } from './course.ts';
import { historyClaims } from './history-claims.ts';
import { keyClaims } from './key-claims.ts';
import { quotaClaims } from './quota-claims.ts';
import type { Subject } from './subject.ts';
import { tokenClaims } from './token-claims.ts';

/** Every claim, in the order in which they are tried. */
export const claims: readonly Claim[] = [
  ...tokenClaims,
  ...commandClaims,
  ...keyClaims,
  ...callbackClaims,
  ...historyClaims,
  ...quotaClaims,
];

export interface ConformReport {
  readonly adapter: string;
  readonly origin: string;
  readonly startedAt: number;
  readonly tookMs: number;
  /** Whether no claim is broken. */
  readonly ok: boolean;
  readonly claims: readonly ({
    readonly name: string;
    readonly title: string;
    readonly guarantee: string;
  } & Finding)[];
}

/** Tries claims on an API IoT, one after the other; all of them unless some are named. */
export async function conform(
  subject: Subject,
  names: readonly string[] | null = null,
  onTried: (tried: ConformReport['claims'][number]) => void = () => {},
): Promise<ConformReport> {
  const { adapter, origin } = subject.settings;
  const startedAt = subject.now();
  const tried: ConformReport['claims'][number][] = [];
  for (const { name, title, guarantee, test } of claims) {
    if (names !== null && !names.includes(name)) continue;
    const finding = await test(subject).catch(findingOf);
    const one = { name, title, guarantee, ...finding };
    onTried(one);
    tried.push(one);
  }
  const ok = tried.every(({ state }) => state !== 'broken');
  return { adapter: adapter.name, origin, startedAt, tookMs: subject.now() - startedAt, ok, claims: tried };
}

/** No answer, or none that the claim can look at, breaks the claim; anything else is a bug. */
function findingOf(error: unknown): Finding {
  if (error instanceof NotTaken) return broken(error.message);
  if (error instanceof TransportError) return broken(`no answer: ${error.message}`);
  throw error;
}
