import type { Scenario } from '../../../simulator/scenarios/scenario.ts';

/** Fixed for ever: a test knows the bytes of its plan. */
export const smallScenario: Scenario = {
  name: 'small',
  description: 'Five vehicles, six purchases.',
  timeScale: 100,
  constants: {
    maxRetries: 5,
    baseDelayMs: 20_000,
    maxDelayMs: 300_000,
    pollEveryMs: 30_000,
    resultGraceMs: 20_000,
    deadlineMs: 86_400_000,
    commandTimeoutMs: 300_000,
    quotaLimit: 10,
    quotaWindowMs: 3_600_000,
  },
  telemetryEveryMs: 2_000,
  slackMs: 1_000,
  vehicles: {
    count: 5,
    models: [
      { model: 'aurora-2026', weight: 2 },
      { model: 'cirrus-2025', weight: 1 },
    ],
    regions: [{ region: 'ES', latitude: 40.4168, longitude: -3.7038, spreadDegrees: 0.2, weight: 1 }],
  },
  customers: { count: 3, languages: ['en', 'es'], pushShare: 0.5 },
  purchases: {
    buyers: 'faulted-first',
    count: 6,
    overMs: 5_000,
    services: [
      {
        id: 'heated-seats',
        feature: 'heated_seats',
        duration: { unit: 'months', count: 1 },
        weight: 1,
      },
      { id: 'remote-start', feature: 'remote_start', duration: { unit: 'permanent' }, weight: 2 },
      { id: 'sport-mode', feature: 'sport_mode', duration: { unit: 'hours', count: 24 }, weight: 2 },
    ],
    perVehicleMax: 2,
    unsupported: 1,
    declined: 1,
    preDelivery: 1,
    cards: { good: 'pm_card_visa', declined: 'pm_card_visa_chargeDeclined' },
  },
  faults: {
    vehicles: [
      {
        name: 'away',
        type: 'offline',
        mode: 'one',
        attributes: { afterMs: [0, 1_000], forMs: [2_000, 3_000] },
      },
      {
        name: 'busy',
        type: 'ecu_busy',
        mode: 'fixed',
        value: 1,
        attributes: { first: [1, 2], feature: null },
      },
    ],
    apiIot: [{ name: 'lost', type: 'response_lost', toxicity: 0.1, attributes: {} }],
  },
};
