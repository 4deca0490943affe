/** What a client of the platform API may be allowed, and what each allows. */
export const platformScopes = {
  'customers:write': 'Register customers',
  'customers:read': 'Read customers',
  'customers:act': 'Get tokens that speak for one customer (token exchange)',
  'personal-data:read': 'Export the personal data of a customer',
  'personal-data:erase': 'Erase the personal data of a customer',
  'vehicles:write': 'Register vehicles',
  'vehicles:read': 'Read vehicles and the services on them',
  'catalogue:read': 'Read the catalogue',
  'purchases:write': 'Buy services',
  'purchases:read': 'Read purchases and their records',
  'activations:read': 'Read activations',
  'tickets:read': 'Read support tickets',
  'tickets:write': 'Work on support tickets',
  'events:read': 'Follow the stream of events',
  'operations:read': "Read the operator's lists",
  'operations:write': "Act on what stands in the operator's lists",
  'metrics:read': 'Read metrics',
} as const;

export type PlatformScope = keyof typeof platformScopes;

/** The audience that access tokens of the platform API name. */
export const platformAudience = 'platform';

/**
 * Roles and their scopes (docs/decisions/0006-roles.md). `customer`: one customer, with only their own data. `service`: a
 * shop's backend, for all customers. `support`, `operator`: employees with their tools.
 */
export const roleScopes = {
  customer: [
    'customers:read',
    'customers:write',
    'personal-data:read',
    'personal-data:erase',
    'vehicles:read',
    'catalogue:read',
    'purchases:read',
    'purchases:write',
    'activations:read',
    'events:read',
  ],
  support: [
    'customers:read',
    'vehicles:read',
    'catalogue:read',
    'purchases:read',
    'activations:read',
    'tickets:read',
    'tickets:write',
  ],
  operator: [
    'personal-data:read',
    'personal-data:erase',
    'vehicles:read',
    'catalogue:read',
    'purchases:read',
    'activations:read',
    'tickets:read',
    'events:read',
    'operations:read',
    'operations:write',
    'metrics:read',
  ],
  service: [
    'customers:read',
    'customers:write',
    'customers:act',
    'personal-data:read',
    'personal-data:erase',
    'vehicles:read',
    'vehicles:write',
    'catalogue:read',
    'purchases:read',
    'purchases:write',
    'activations:read',
    'events:read',
  ],
} as const satisfies Readonly<Record<string, readonly PlatformScope[]>>;
