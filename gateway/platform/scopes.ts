/** What a client of the platform API may be allowed, and what each allows. */
export const platformScopes = {
  'customers:write': 'Register customers',
  'customers:read': 'Read customers',
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
  'metrics:read': 'Read metrics',
} as const;

export type PlatformScope = keyof typeof platformScopes;

/** The audience that access tokens of the platform API name. */
export const platformAudience = 'platform';
