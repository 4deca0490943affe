import { type RetryPolicy, standardPolicy } from '../../gateway/activation/policy.ts';
import { apiIotDefaults } from '../../gateway/api-iot/config.ts';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { withPolicies } from '../../gateway/catalogue/policies.ts';
import { standardSettings } from '../../gateway/engine/engine.ts';
import { standardDispatch } from '../../gateway/notifications/delivery.ts';
import type { Constants } from '../scenarios/scenario.ts';
import type { PlatformFigures } from './platform-figures.ts';
import type { Schedule } from './schedule.ts';

/** Where everything is reached in the world. The names are nobody's (RFC 2606). */
export const origins = {
  platform: 'http://platform.example',
  apiIot: 'http://api-iot.example',
  payments: 'http://payments.example',
} as const;

/** What a live installation keeps secret; here it only has to be the same on both sides. */
export const secretsOfTheWorld = {
  engine: 'engine-secret-of-the-world',
  buyer: 'buyer-secret-of-the-world',
  provisioner: 'provisioner-secret-of-the-world',
  payments: 'sk_test_world',
  callbacks: 'whsec_c2VjcmV0LW9mLXRoZS13b3JsZC1zZWNyZXQtMDE=',
  link: 'link-password-of-the-world',
} as const;

/** Every service's policy in a run. A poll only matters where a callback was lost, and costs a request each. */
export function policyOf({ policy }: Pick<Schedule, 'policy'>): RetryPolicy {
  const { maxRetries, baseDelayMs, maxDelayMs, deadlineMs = standardPolicy.deadlineMs } = policy;
  return { ...standardPolicy, maxRetries, baseDelayMs, maxDelayMs, deadlineMs, pollEveryMs: 120_000 };
}

/** A sweep looks for what a lost NATS forgot; each costs a query, and hours pass here. */
const sweepEveryMs = 120_000;

/** The platform of a run, which sells `sold` under the schedule's policy. */
export function platformFigures(schedule: Schedule, sold: Catalogue): PlatformFigures {
  return {
    catalogue: withPolicies(sold, () => policyOf(schedule)),
    engine: { ...standardSettings, sweepEveryMs },
    dispatch: standardDispatch,
  };
}

/** What the checks judge by. */
export function constantsOf(schedule: Schedule): Constants {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = policyOf(schedule);
  return {
    maxRetries: maxRetries ?? 0,
    baseDelayMs,
    maxDelayMs,
    pollEveryMs,
    resultGraceMs,
    deadlineMs: deadlineMs ?? 86_400_000,
    commandTimeoutMs: schedule.policy.commandTimeoutMs,
    quotaLimit: apiIotDefaults.quotaPerHour,
    quotaWindowMs: apiIotDefaults.quotaWindowMs,
  };
}
