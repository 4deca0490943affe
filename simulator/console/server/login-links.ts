import type { Clock } from '../../../shared/ports/clock.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import type { Access } from './access.ts';

/** A link opens the console for this long after it was printed. */
export const linkLifeMs = 15 * 60_000;
/** Links that are remembered, used and expired ones too; the oldest is forgotten first. */
const linksMax = 20;

export type Redeeming =
  | { readonly ok: true; readonly access: Access }
  | { readonly ok: false; readonly reason: string };

/** Links that log in once. */
export interface LoginLinks {
  /** Returns the secret part of a new link for this access. */
  issue(access: Access): string;
  /** Uses a link up. A refusal says why, with what to do. */
  redeem(secret: string): Redeeming;
}

interface Link {
  readonly digest: string;
  readonly access: Access;
  readonly expiresAt: number;
  isUsed: boolean;
}

const otherWay = 'Log in with a client id and its secret, or start the console again for a new link.';

/** Keeps digests alone, and compares them in constant time. */
export function loginLinks({
  clock,
  secrets,
}: {
  readonly clock: Clock;
  readonly secrets: Secrets;
}): LoginLinks {
  const links: Link[] = [];
  return {
    issue(access) {
      const secret = secrets.newToken();
      links.push({
        ...{ digest: secrets.digest(secret), access },
        ...{ expiresAt: clock.now() + linkLifeMs, isUsed: false },
      });
      if (links.length > linksMax) links.shift();
      return secret;
    },
    redeem(secret) {
      const digest = secrets.digest(secret);
      // Every link is compared, so that the time tells nothing.
      const [link] = links.filter((one) => secrets.equal(one.digest, digest));
      if (secret === '') return refusal('The link has no secret part: copy the whole address.');
      if (link === undefined) return refusal('This link was not issued by this console.');
      if (link.isUsed) return refusal('This link was used already: it logs in once.');
      if (clock.now() >= link.expiresAt)
        return refusal(`This link has expired: it is good for ${linkLifeMs / 60_000} minutes.`);
      link.isUsed = true;
      return { ok: true, access: link.access };
    },
  };
}

function refusal(reason: string): Redeeming {
  return { ok: false, reason: `${reason} ${otherWay}` };
}
