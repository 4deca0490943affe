import type { Evidence } from '../reports/evidence.ts';

/** What the evidence of a run has in the place of the platform's own, where an engine of the user's own runs instead of it. */
export const noPlatform: Pick<Evidence, 'database' | 'events' | 'crashes'> = {
  database: {
    customers: [],
    purchases: [],
    activations: [],
    entitlements: [],
    record: [],
    notices: [],
    tickets: [],
  },
  events: null,
  crashes: 0,
};
