/**
 * What a customer owns: a feature of a vehicle, from one instant until another. An activation is the process that brings it
 * about, a deactivation the one that follows its end; this is what lies between. Plain data. Invariant: it ends once.
 */
export interface Entitlement {
  readonly id: string;
  readonly vin: string;
  readonly feature: string;
  readonly serviceId: string;
  readonly customerId: string;
  readonly purchaseId: string | null;
  /** `goodwill`: granted by support, free of charge. */
  readonly source: 'purchase' | 'goodwill';
  /** Epoch milliseconds. A renewal begins where what it renews ends. */
  readonly validFrom: number;
  /** Null: permanent. */
  readonly validUntil: number | null;
  readonly end: EntitlementEnd | null;
}

export type EndCause = 'expired' | 'cancelled';

export interface EntitlementEnd {
  readonly at: number;
  readonly cause: EndCause;
}

/** Time arrives inside. */
export type EntitlementEvent =
  | { readonly type: 'time_passed'; readonly at: number }
  /** The customer does not want it any more, and the service's policy lets them go. */
  | { readonly type: 'cancelled'; readonly at: number };

export interface EntitlementFact {
  readonly type: `entitlement.${EndCause}`;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export type EntitlementOutcome =
  | {
      readonly verdict: 'accepted';
      readonly entitlement: Entitlement;
      readonly facts: readonly EntitlementFact[];
    }
  /** A repeat, or too early: the same object. */
  | { readonly verdict: 'ignored'; readonly entitlement: Entitlement; readonly reason: string };

function endBy(entitlement: Entitlement, cause: EndCause, at: number): EntitlementOutcome {
  const { feature, vin, validFrom, validUntil, source } = entitlement;
  return {
    verdict: 'accepted',
    entitlement: { ...entitlement, end: { at, cause } },
    facts: [{ type: `entitlement.${cause}`, at, data: { vin, feature, source, validFrom, validUntil } }],
  };
}

/** The only place where an entitlement changes: it ends when its time is over, or when it is cancelled before. */
export function moveEntitlement(entitlement: Entitlement, event: EntitlementEvent): EntitlementOutcome {
  if (entitlement.end !== null)
    return { verdict: 'ignored', entitlement, reason: `it has ${entitlement.end.cause} before` };
  switch (event.type) {
    case 'time_passed':
      if (entitlement.validUntil === null || event.at < entitlement.validUntil)
        return { verdict: 'ignored', entitlement, reason: 'its time is not over' };
      return endBy(entitlement, 'expired', event.at);
    case 'cancelled':
      return endBy(entitlement, 'cancelled', event.at);
  }
}

/** Whether the entitlement is in force at this instant. */
export function isInForce({ end, validUntil }: Entitlement, at: number): boolean {
  return end === null && (validUntil === null || at < validUntil);
}
