import type { Scenario } from './scenario.ts';

/**
 * The main job: 200 vehicles, 300 purchases, and a bad day. An hour lasts 36 seconds here, so the whole day's worth of
 * retries ends within about a minute; the constants are the specification's except for the two delays, which are a
 * service's own choice (20 s and 5 min instead of 30 s and 15 min).
 */
export const defaultScenario: Scenario = {
  name: 'default',
  description:
    '200 vehicles of three models, 300 purchases; vehicles away for a while or for good, features that a model lacks, an API IoT that fails now and then, results that are lost.',
  timeScale: 100,
  constants: {
    maxRetries: 5,
    baseDelayMs: 20_000,
    maxDelayMs: 300_000,
    pollEveryMs: 30_000,
    resultGraceMs: 20_000,
    deadlineMs: 24 * 3_600_000,
    commandTimeoutMs: 300_000,
    quotaLimit: 10,
    quotaWindowMs: 3_600_000,
  },
  telemetryEveryMs: 2_000,
  slackMs: 15_000,
  vehicles: {
    count: 200,
    models: [
      { model: 'aurora-2026', weight: 5 },
      { model: 'borealis-2026', weight: 3 },
      { model: 'cirrus-2025', weight: 2 },
    ],
    regions: [
      { region: 'ES', latitude: 40.4168, longitude: -3.7038, spreadDegrees: 0.2, weight: 4 },
      { region: 'DE', latitude: 48.1374, longitude: 11.5755, spreadDegrees: 0.15, weight: 3 },
      { region: 'FR', latitude: 45.764, longitude: 4.8357, spreadDegrees: 0.15, weight: 2 },
      { region: 'NO', latitude: 69.6492, longitude: 18.9553, spreadDegrees: 0.1, weight: 1 },
    ],
  },
  customers: { count: 160, languages: ['en'], pushShare: 0.7 },
  purchases: {
    count: 300,
    overMs: 18_000,
    services: [
      service('heated_seats', 4),
      service('ambient_light', 3),
      service('remote_start', 3),
      service('adaptive_cruise', 2),
      service('range_boost', 2),
      service('sport_mode', 2),
    ],
    perVehicleMax: 3,
    unsupported: 14,
    declined: 8,
    preDelivery: 12,
    cards: { good: 'pm_card_visa', declined: 'pm_card_visa_chargeDeclined' },
  },
  faults: {
    vehicles: [
      {
        name: 'in a garage',
        type: 'offline',
        mode: 'fixed',
        value: 20,
        attributes: { afterMs: [0, 10_000], forMs: [2_000, 9_000] },
      },
      {
        // Longer than six attempts take: the activation fails, and its revocation meets the vehicle when it returns.
        name: 'away too long',
        type: 'offline',
        mode: 'fixed',
        value: 4,
        attributes: { afterMs: [0, 500], forMs: [34_000, 38_000] },
      },
      {
        name: 'gone for good',
        type: 'offline',
        mode: 'fixed',
        value: 8,
        attributes: { afterMs: [0, 6_000], forMs: null },
      },
      {
        name: 'results lost',
        type: 'lose_result',
        mode: 'fixed',
        value: 16,
        attributes: { first: [1, 2], withStatus: false },
      },
      {
        // Neither the answer nor the new state leaves: only a later attempt finds out that the feature is on.
        name: 'results and states lost',
        type: 'lose_result',
        mode: 'fixed',
        value: 4,
        attributes: { first: [1, 1], withStatus: true },
      },
      {
        name: 'hangs at first',
        type: 'hang',
        mode: 'fixed',
        value: 4,
        attributes: { first: [1, 2] },
      },
      {
        name: 'control unit busy',
        type: 'ecu_busy',
        mode: 'fixed',
        value: 8,
        attributes: { first: [1, 3], feature: null },
      },
      {
        name: 'control unit refuses',
        type: 'reject',
        mode: 'fixed',
        value: 3,
        attributes: { reason: 'unsupported_hardware', feature: null },
      },
      {
        // Every command looks expired to such a vehicle, so it refuses all of them.
        name: 'clock ahead',
        type: 'clock_skew',
        mode: 'fixed',
        value: 2,
        attributes: { skewMs: [20_000, 40_000] },
      },
    ],
    apiIot: [
      {
        name: 'configure fails',
        type: 'server_error',
        toxicity: 0.05,
        match: { method: 'POST', path: '/vehicle/*/configure' },
        attributes: { status: 503 },
      },
      {
        name: 'answer to configure lost',
        type: 'response_lost',
        toxicity: 0.04,
        match: { method: 'POST', path: '/vehicle/*/configure' },
        attributes: {},
      },
      {
        name: 'reading fails',
        type: 'server_error',
        toxicity: 0.03,
        match: { method: 'GET' },
        attributes: { status: 500 },
      },
      {
        name: 'busy hour',
        type: 'rate_limited',
        toxicity: 0.01,
        match: { method: 'POST', path: '/vehicle/*/configure' },
        attributes: { retryAfterSeconds: 1 },
      },
      { name: 'slow', type: 'slow', toxicity: 0.05, attributes: { latencyMs: 80, jitterMs: 120 } },
    ],
  },
};

function service(feature: string, weight: number): Scenario['purchases']['services'][number] {
  return { id: feature.replace('_', '-'), feature, duration: { unit: 'months', count: 1 }, weight };
}
