import type { RunKind } from '../../../moments/run-views.ts';

/** Faults to begin with, as JSON: as a test case has them, or as a scenario has them. */
export function examplesOf(kind: RunKind): Readonly<Record<string, string>> {
  return kind === 'scenario' ? ofScenarios : ofTestCases;
}

const ofTestCases = {
  'payment service down for ten minutes': JSON.stringify({
    type: 'down',
    service: 'payments',
    forMs: 600_000,
  }),
  'NATS down for a minute': JSON.stringify({ type: 'down', service: 'nats', forMs: 60_000 }),
  'first vehicle offline for an hour': JSON.stringify({ type: 'cut', vehicle: 0, forMs: 3_600_000 }),
  'NATS wiped': JSON.stringify({ type: 'nats_wiped' }),
};

const ofScenarios = {
  'every vehicle offline': JSON.stringify({ type: 'offline', layer: 'link' }),
  'API IoT answers 503': JSON.stringify({ type: 'server_error', target: { service: 'api_iot' } }),
  'payment service unreachable': JSON.stringify({ type: 'unreachable', target: { service: 'payments' } }),
  'NATS wiped': JSON.stringify({ type: 'nats_wiped', attributes: {} }),
};
