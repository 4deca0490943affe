import type { Configuration } from './configuration.ts';
import type { Duration, Service } from './service.ts';

/** What can be bought, and what is sent to a vehicle for it. Immutable once loaded. */
export interface Catalogue {
  services(): readonly Service[];
  service(id: string): Service | null;
  /** The newest template for this service and vehicle model; null when the service is not made for the model. */
  configuration(serviceId: string, model: string): Configuration | null;
  /**
   * When a service that starts at an instant ends; null: never. `anchorAt` is where the row of monthly renewals began that this one
   * continues; without it, it begins here.
   */
  endOf(duration: Duration, from: number, anchorAt?: number): number | null;
}
