import type { Ids } from '../../shared/ports/ids.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';

/** What granting and ending entitlements needs beside the transaction. */
export interface EntitlementDeps {
  readonly ids: Ids;
  readonly catalogue: Catalogue;
}
