/** What pages may reach through the console. */
export type Upstream = 'platform' | 'apiIot' | 'control';

const id = '[^/]+';
const patterns = (...paths: readonly string[]) => paths.map((path) => new RegExp(`^${path}$`));

/** Everything that pages read and change, and nothing else: tokens, registrations and personal data are out of reach of a page. */
const allowed: Readonly<Record<Upstream, Readonly<Record<string, readonly RegExp[]>>>> = {
  platform: {
    GET: patterns(
      '/(overview|catalogue|readyz|overview/vehicles)',
      `/(purchases|activations|tickets|notices|settlements|incidents|webhook-events)(/${id})?`,
      `/(customers|vehicles)/${id}`,
      `/purchases/${id}/record`,
    ),
    POST: patterns(
      '/purchases',
      `/purchases/${id}/cancel`,
      `/tickets/${id}/[a-z]+`,
      `/notices/${id}/(resend|drop)`,
      `/settlements/${id}/resolve`,
      `/incidents/${id}/end`,
      `/webhook-events/(resume|${id}/(replay|drop))`,
    ),
  },
  apiIot: { GET: patterns('/vehicles', `/vehicle/${id}/(status|health|history|connections|telemetry)`) },
  control: {
    GET: patterns(`/faults(/${id})?`, `/vehicles(/${id})?`),
    POST: patterns('/faults', '/faults/preview'),
    DELETE: patterns(`/faults(/${id})?`),
  },
};

export function isAllowed(upstream: Upstream, method: string, path: string): boolean {
  return allowed[upstream][method]?.some((pattern) => pattern.test(path)) ?? false;
}
