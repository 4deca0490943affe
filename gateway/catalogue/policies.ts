import { policyFaults, type RetryPolicy, shortenPolicyTimes } from '../activation/policy.ts';
import type { Catalogue } from './catalogue.ts';
import { endOf } from './duration.ts';
import { CatalogueError } from './faults.ts';
import type { Service } from './service.ts';

/** The same catalogue with other retry policies, for scenarios. Throws `CatalogueError` when one cannot be used. */
export function withPolicies(
  catalogue: Catalogue,
  change: (policy: RetryPolicy, service: Service) => RetryPolicy,
): Catalogue {
  const services = catalogue
    .services()
    .map((service) => ({ ...service, policy: change(service.policy, service) }));
  const faults = services.flatMap(({ id, policy }) =>
    policyFaults(policy).map((text) => `policy of ${id}: ${text}.`),
  );
  if (faults.length > 0) throw new CatalogueError(faults);
  const byId = new Map(services.map((service) => [service.id, service]));
  return { ...catalogue, services: () => services, service: (id) => byId.get(id) ?? null };
}

/** The same catalogue in which every duration passes `scale` times as fast, what is sold included. */
export function shortenCatalogueTimes(catalogue: Catalogue, scale: number): Catalogue {
  const compressed = withPolicies(catalogue, (policy) => shortenPolicyTimes(policy, scale));
  const service = (id: string) => {
    const found = compressed.service(id);
    return found && { ...found, ...compressGrace(found, scale) };
  };
  const services = () => compressed.services().map((one) => ({ ...one, ...compressGrace(one, scale) }));
  return {
    ...compressed,
    service,
    services,
    endOf: (duration, from, anchorAt) => endOf(duration, from, anchorAt, scale),
  };
}

function compressGrace({ uncollectible }: Service, scale: number): Partial<Service> {
  if (uncollectible === undefined || uncollectible === 'keep') return {};
  const deactivateAfterMs = Math.max(1, Math.round(uncollectible.deactivateAfterMs / scale));
  return { uncollectible: { deactivateAfterMs } };
}
