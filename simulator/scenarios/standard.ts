import { shippedModels } from '../models/models-folder.ts';

/** Defaults of a scenario: the specification's constants, and a small fleet. */
export const standardConstants = {
  maxRetries: 5,
  baseDelayMs: 30_000,
  maxDelayMs: 900_000,
  pollEveryMs: 30_000,
  resultGraceMs: 20_000,
  deadlineMs: 24 * 3_600_000,
  commandTimeoutMs: 300_000,
  quotaLimit: 10,
  quotaWindowMs: 3_600_000,
};

export const standardModels = shippedModels().map(({ id }) => ({ model: id, weight: 1 }));

export const standardRegions = [
  { region: 'DE', latitude: 48.1374, longitude: 11.5755, spreadDegrees: 0.15, weight: 1 },
  { region: 'ES', latitude: 40.4168, longitude: -3.7038, spreadDegrees: 0.2, weight: 1 },
];

export const standardCustomers = { languages: ['en'], pushShare: 0.5 };

export const standardServices = [
  service('heated_seats'),
  service('ambient_light'),
  service('remote_start'),
  service('adaptive_cruise'),
  service('range_boost'),
  service('sport_mode'),
];

/** Test cards of the payment service. */
export const standardCards = { good: 'pm_card_visa', declined: 'pm_card_visa_chargeDeclined' };

function service(feature: string) {
  const duration: { unit: 'months'; count: number } = { unit: 'months', count: 1 };
  return { id: feature.replace('_', '-'), feature, duration, weight: 1 };
}
