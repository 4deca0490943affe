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

/** A whole fleet that reconnects at once must not become as many look-ups again. */
const rememberMs = 30_000;
const rememberMax = 20_000;

/**
 * Checks user names and passwords. Vehicles are known by VIN; digests are compared in constant time, and an unknown VIN
 * costs the same comparison as a known one.
 */
export function credentials({ clock, secrets, lookUp, service, monitor }: CredentialsDeps) {
  const remembered = new Map<string, { digest: string; untilAt: number }>();
  const asking = new Map<string, { readonly answer: Promise<string | null>; isStale: boolean }>();
  const nobody = secrets.digest(secrets.newToken());
  const accounts = [
    { account: service, principal: { role: 'service' } as const },
    ...(monitor ? [{ account: monitor, principal: { role: 'monitor' } as const }] : []),
  ].map(({ account, principal }) => ({
    username: account.username,
    digest: secrets.digest(account.password),
    principal,
  }));

  function remember(vin: string, digest: string): void {
    // The oldest goes first; an unknown VIN is never remembered, so that a new vehicle can connect at once.
    const [oldest] = remembered.keys();
    if (remembered.size >= rememberMax && oldest !== undefined) remembered.delete(oldest);
    remembered.set(vin, { digest, untilAt: clock.now() + rememberMs });
  }

  /** Asks once for all who wait; asks again when the password was replaced meanwhile. */
  async function ask(vin: string): Promise<string | null> {
    const query = asking.get(vin) ?? { answer: lookUp(vin), isStale: false };
    asking.set(vin, query);
    try {
      const digest = await query.answer;
      if (query.isStale) return ask(vin);
      if (digest !== null) remember(vin, digest);
      return digest;
    } finally {
      if (asking.get(vin) === query) asking.delete(vin);
    }
  }

  function digestOf(vin: string): Promise<string | null> | string {
    const known = remembered.get(vin);
    if (known && known.untilAt > clock.now()) return known.digest;
    remembered.delete(vin);
    return ask(vin);
  }

  return {
    /** Forgets what is known of this vehicle's password: the next check asks for it. */
    forget(vin: string): void {
      remembered.delete(vin);
      const query = asking.get(vin);
      if (query) query.isStale = true;
      asking.delete(vin);
    },
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
