import type { Plan } from '../../../simulator/scenarios/plan.ts';
import { vinA, vinB, vinC } from './sample-names.ts';

export function samplePlan(): Plan {
  const vehicle = { region: 'ES', latitude: 40.4, longitude: -3.7, chargePercent: 80 };
  const wish = {
    duration: { unit: 'months', count: 1 },
    method: 'pm_card_visa',
    preDelivery: false,
    intent: 'ordinary',
  } as const;
  return {
    scenario: 'sample',
    seed: 7,
    timeScale: 100,
    constants: {
      maxRetries: 5,
      baseDelayMs: 200,
      maxDelayMs: 3_000,
      pollEveryMs: 300,
      resultGraceMs: 200,
      deadlineMs: 864_000,
      commandTimeoutMs: 3_000,
      quotaLimit: 10,
      quotaWindowMs: 36_000,
    },
    telemetryEveryMs: 2_000,
    slackMs: 1_000,
    vehicles: [
      { ...vehicle, vin: vinA, model: 'aurora-2026', customerId: 'customer-0001', faults: [] },
      {
        ...vehicle,
        vin: vinB,
        model: 'aurora-2026',
        customerId: 'customer-0002',
        faults: [{ type: 'offline', attributes: { afterMs: 100, forMs: null } }],
      },
      { ...vehicle, vin: vinC, model: 'borealis-2026', customerId: 'customer-0001', faults: [] },
    ],
    customers: [
      {
        id: 'customer-0001',
        name: 'Ada Bauer',
        email: 'customer-0001@example.com',
        language: 'en',
        push: true,
      },
      {
        id: 'customer-0002',
        name: 'Hugo Conti',
        email: 'customer-0002@example.com',
        language: 'en',
        push: false,
      },
    ],
    purchases: [
      {
        ...wish,
        id: 'p-001',
        atMs: 100,
        customerId: 'customer-0001',
        vin: vinA,
        serviceId: 'heated-seats',
        feature: 'heated_seats',
      },
      {
        ...wish,
        id: 'p-002',
        atMs: 200,
        customerId: 'customer-0002',
        vin: vinB,
        serviceId: 'heated-seats',
        feature: 'heated_seats',
      },
      {
        ...wish,
        id: 'p-003',
        atMs: 300,
        customerId: 'customer-0001',
        vin: vinA,
        serviceId: 'adaptive-cruise',
        feature: 'adaptive_cruise',
      },
      {
        ...wish,
        id: 'p-004',
        atMs: 400,
        customerId: 'customer-0001',
        vin: vinA,
        serviceId: 'remote-start',
        feature: 'remote_start',
        intent: 'declined',
      },
      {
        ...wish,
        id: 'p-005',
        atMs: 500,
        customerId: 'customer-0001',
        vin: vinC,
        serviceId: 'sport-mode',
        feature: 'sport_mode',
        intent: 'unsupported',
      },
    ],
    apiIotFaults: [],
    faultSeed: 99,
  };
}
