import { type RetryPolicy, standardPolicy } from '../../gateway/activation/policy.ts';
import { apiIotDefaults } from '../../gateway/api-iot/config.ts';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { withPolicies } from '../../gateway/catalogue/policies.ts';
import type { Service } from '../../gateway/catalogue/service.ts';
import { standardSettings } from '../../gateway/engine/engine.ts';
import { standardDispatch } from '../../gateway/notifications/delivery.ts';
import type { Constants } from '../scenarios/scenario.ts';
import type { VirtualPlatformSettings } from '../virtual-system/platform-process.ts';
import type { TestCase } from './test-case.ts';

/** Every service's policy in a run. A poll only matters where a callback was lost, and costs a request each. */
export function policyOf({ policy }: Pick<TestCase, 'policy'>): RetryPolicy {
  const { maxRetries, baseDelayMs, maxDelayMs, deadlineMs = standardPolicy.deadlineMs } = policy;
  return { ...standardPolicy, maxRetries, baseDelayMs, maxDelayMs, deadlineMs, pollEveryMs: 120_000 };
}

/** A sweep looks for what a lost NATS forgot, and for services whose time is over; each costs queries, and hours pass here. */
export const sweepEveryMs = 180_000;

/** Time between two polls of waiting notifications. Each sweep wakes the dispatcher much sooner. */
const notificationPollMs = 3_600_000;

/** A ticket's times are so much shorter: a run sees their end. */
const slaScale = 60;
/** Time between two polls of the tickets' SLA. A new ticket does not wait for a poll: opening it wakes the clocks. */
export const slaPollMs = 600_000;
/** A ticket's moment is written down so long after it at the latest; the shortest time of a ticket is four minutes here. */
export const slaDelayMaxMs = 120_000;

/** What is bought by the hour in a test case passes so much faster: a run sees its end. */
const minuteMs = 60_000;

/** The platform of a run, which sells `sold` under the test case's policy, and by the hour where the test case buys so. */
export function platformSettings(testCase: TestCase, sold: Catalogue): VirtualPlatformSettings {
  const { reconcileMs } = testCase;
  return {
    catalogue: withPolicies(soldByTheHour(testCase, sold), () => policyOf(testCase)),
    engine: { ...standardSettings, sweepEveryMs },
    dispatch: { ...standardDispatch, pollMs: notificationPollMs },
    reconcileMs: reconcileMs ?? null,
    slaPollMs,
    slaScale,
    hasTicketWebhook: true,
  };
}

function soldByTheHour({ activations }: TestCase, sold: Catalogue): Catalogue {
  const counts = new Set(activations.flatMap(({ hours }) => hours ?? []));
  if (counts.size === 0) return sold;
  const services = sold.services().map((service): Service => {
    const kept = service.offers.filter(({ duration }) => duration.unit !== 'hours');
    const [first] = service.offers;
    const hourly = [...counts].flatMap((count) =>
      first ? [{ duration: { unit: 'hours' as const, count }, price: first.price }] : [],
    );
    return { ...service, offers: [...kept, ...hourly] };
  });
  return {
    ...sold,
    services: () => services,
    endOf: (duration, from, anchorAt) =>
      duration.unit === 'hours' ? from + duration.count * minuteMs : sold.endOf(duration, from, anchorAt),
  };
}

/** What the checks judge by. */
export function constantsOf(testCase: TestCase): Constants {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = policyOf(testCase);
  return {
    maxRetries: maxRetries ?? 0,
    baseDelayMs,
    maxDelayMs,
    pollEveryMs,
    resultGraceMs,
    deadlineMs: deadlineMs ?? 86_400_000,
    commandTimeoutMs: testCase.policy.commandTimeoutMs,
    quotaLimit: apiIotDefaults.quotaPerHour,
    quotaWindowMs: apiIotDefaults.quotaWindowMs,
  };
}
