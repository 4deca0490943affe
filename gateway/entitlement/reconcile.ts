/** What a vehicle reports of one feature. */
export interface Reported {
  readonly feature: string;
  readonly state: 'active' | 'dormant';
  readonly version: number;
}

/** What is known of the vehicle's features, each a set of names. */
export interface KnownFeatures {
  /** Those that the catalogue sells: no other is ours to switch. */
  readonly sold: ReadonlySet<string>;
  /** Features that a customer owns now. */
  readonly owned: ReadonlySet<string>;
  /** Those that an open activation, deactivation or revocation is about to change. */
  readonly changing: ReadonlySet<string>;
  /** Features that a technician works on. */
  readonly ticketed: ReadonlySet<string>;
  /** Features of a vehicle that contradicted itself, while a technician works on them: neither reactivated nor revoked. */
  readonly contradicted: ReadonlySet<string>;
}

/** `revoke`: active without an owner. `reactivate`: owned and dormant, as after a workshop visit. */
export interface Difference {
  readonly type: 'revoke' | 'reactivate';
  readonly reported: Reported;
}

/** Where a vehicle differs from what its customers own. What is being changed, or is a technician's case, is left alone. */
export function differences(reported: readonly Reported[], known: KnownFeatures): Difference[] {
  return reported.flatMap((one): Difference[] => {
    if (!known.sold.has(one.feature) || known.changing.has(one.feature)) return [];
    if (known.contradicted.has(one.feature)) return [];
    const isOwned = known.owned.has(one.feature);
    if (one.state === 'active' && !isOwned) return [{ type: 'revoke', reported: one }];
    // A feature without an owner is switched off even while a ticket is open; a technician works on one that could not be activated.
    if (one.state === 'dormant' && isOwned && !known.ticketed.has(one.feature))
      return [{ type: 'reactivate', reported: one }];
    return [];
  });
}
