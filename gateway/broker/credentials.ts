import type { Clock } from '../../shared/ports/clock.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { hasVinShape } from '../../shared/protocol/vin.ts';
import type { Principal } from './access.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface CredentialsDeps {
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** The SHA-256 digest of a vehicle's password, or null when no vehicle has this VIN. Rejects when it can't be known now. */
  readonly lookUp: (vin: string) => Promise<string | null>;
  readonly service: Account;
  readonly monitor: Account | null;
}

/** A whole fleet that reconnects at once must not become as many look-ups again; a changed password counts after this time. */
const rememberMs = 30_000;
const rememberMax = 20_000;

/**
 * Checks user names and passwords. Vehicles are known by VIN; digests are compared in constant time, and an unknown VIN
 * costs the same comparison as a known one.
 */
export function credentials({ clock, secrets, lookUp, service, monitor }: CredentialsDeps) {
  const remembered = new Map<string, { digest: string; untilAt: number }>();
  const asking = new Map<string, Promise<string | null>>();
  const nobody = secrets.digest(secrets.newToken());
  const accounts = [
    { account: service, principal: { role: 'service' } as const },
    ...(monitor ? [{ account: monitor, principal: { role: 'monitor' } as const }] : []),
  ].map(({ account, principal }) => ({
    username: account.username,
    digest: secrets.digest(account.password),
    principal,
  }));

  async function ask(vin: string): Promise<string | null> {
    try {
      const digest = await lookUp(vin);
      if (digest !== null) {
        // The oldest goes first; an unknown VIN is never remembered, so that a new vehicle can connect at once.
        const [oldest] = remembered.keys();
        if (remembered.size >= rememberMax && oldest !== undefined) remembered.delete(oldest);
        remembered.set(vin, { digest, untilAt: clock.now() + rememberMs });
      }
      return digest;
    } finally {
      asking.delete(vin);
    }
  }

  function digestOf(vin: string): Promise<string | null> | string {
    const known = remembered.get(vin);
    if (known && known.untilAt > clock.now()) return known.digest;
    remembered.delete(vin);
    const running = asking.get(vin) ?? ask(vin);
    asking.set(vin, running);
    return running;
  }

  return {
    /** Whose name and password these are, or null. */
    async check(username: string, password: string): Promise<Principal | null> {
      const given = secrets.digest(password);
      const account = accounts.find((item) => item.username === username);
      if (account) return secrets.equal(given, account.digest) ? account.principal : null;
      const digest = hasVinShape(username) ? await digestOf(username) : null;
      const equal = secrets.equal(given, digest ?? nobody);
      return equal && digest !== null ? { role: 'vehicle', vin: username } : null;
    },
  };
}
