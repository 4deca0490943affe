import type { Clock } from '../../shared/ports/clock.ts';
import type { Payments } from '../../shared/ports/payments.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { SharedBreaker } from './shared-breaker.ts';
import type { VehicleApi } from './vehicle-api.ts';

/** What effects reach out to. */
export interface EffectDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
  readonly vehicles: VehicleApi;
  /** Holds activations back while a systemic cause lasts; absent: nothing is held back. */
  readonly breaker?: Pick<SharedBreaker, 'holdsBack' | 'admit' | 'incident'>;
  readonly payments: Payments;
  readonly catalogue: Catalogue;
  /** The model of a registered vehicle. */
  readonly modelOf: (vin: string) => Promise<string>;
  /** Where the API IoT reports final states, or null: then they are polled. */
  readonly callbackUrl: string | null;
  /** Quota slots that revocations and deactivations leave to paid activations (docs/service-life.md). */
  readonly reservedQuota: number;
}
