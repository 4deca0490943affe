import { givenText } from '../../shared/protocol/address.ts';
import { apiIotDefaults } from '../api-iot/config.ts';
import { standardContradictions } from '../entitlement/contradiction.ts';
import {
  issuerName,
  milliseconds,
  type Option,
  oneOf,
  optionalAddress,
  optionalText,
  wholeNumber,
} from '../option.ts';
import { standardPurchasesMax } from '../platform/purchase-admission.ts';
import { type Ages, agesText, readAges, standardAges } from '../retention/ages.ts';

const dayMs = 86_400_000;

/** Whom the services trust, what they accept, and their limits and times. */
export const policyOptions = {
  trustedIssuer: issuerName({
    flag: 'trusted-issuer',
    environment: 'TRUSTED_ISSUER',
    placeholder: 'url',
    help: 'issuer of an external identity provider whose access tokens are also accepted',
  }),
  trustedJwks: optionalAddress(
    {
      flag: 'trusted-jwks',
      environment: 'TRUSTED_JWKS',
      placeholder: 'url',
      help: 'URL of the public keys (JWKS) of the trusted issuer',
    },
    { protocols: ['http://', 'https://'], hasCredentials: false },
  ),
  tokenLeewaySeconds: wholeNumber(
    {
      flag: 'token-leeway',
      environment: 'TOKEN_LEEWAY',
      placeholder: 'seconds',
      help: 'allowed clock difference to the trusted issuer, for exp, nbf and iat',
      fallback: 30,
    },
    0,
    600,
  ),
  checkDigit: oneOf(
    {
      flag: 'check-digit',
      environment: 'FLEETWAKE_CHECK_DIGIT',
      placeholder: 'policy',
      help: 'handling of a VIN with a wrong check digit: strict (reject), warn (accept and log) or off',
      fallback: 'warn',
    },
    ['strict', 'warn', 'off'],
  ),
  catalogue: optionalText({
    flag: 'catalogue',
    environment: 'FLEETWAKE_CATALOGUE',
    placeholder: 'folder',
    help: 'folder with services.json and templates/; default: the shipped catalogue',
  }),
  quotaLimit: wholeNumber(
    {
      flag: 'quota',
      environment: 'API_IOT_QUOTA',
      placeholder: 'count',
      help: 'configure commands that the API IoT accepts per vehicle within the quota window',
      fallback: apiIotDefaults.quotaPerHour,
    },
    1,
    100_000,
  ),
  quotaWindowMs: milliseconds(
    {
      flag: 'quota-window-ms',
      environment: 'API_IOT_QUOTA_WINDOW_MS',
      placeholder: 'duration',
      help: 'length of the quota window: how long an accepted command counts',
      fallback: apiIotDefaults.quotaWindowMs,
    },
    1,
    dayMs,
  ),
  commandTimeoutMs: milliseconds(
    {
      flag: 'command-timeout-ms',
      environment: 'API_IOT_COMMAND_TIMEOUT_MS',
      placeholder: 'duration',
      help: 'command timeout: how long the API IoT waits for the result of the vehicle',
      fallback: apiIotDefaults.commandTimeoutMs,
    },
    1,
    dayMs,
  ),
  telemetrySamples: wholeNumber(
    {
      flag: 'telemetry-samples',
      environment: 'API_IOT_TELEMETRY_SAMPLES',
      placeholder: 'count',
      help: 'samples of past telemetry that the API IoT keeps of a vehicle, one a minute; 0: none',
      fallback: apiIotDefaults.telemetrySamples.count,
    },
    0,
    1_440,
  ),
  keep: {
    flag: 'keep',
    environment: 'FLEETWAKE_KEEP',
    placeholder: 'ages',
    help: 'how long rows are kept in the databases, as NAME=AGE, comma-separated; an age in h or d, or ever; what is left out has its default',
    fallback: agesText(standardAges),
    read(value) {
      const result = readAges(value);
      if ('ages' in result) return { value: agesText(result.ages) };
      return { fault: `${result.fault}, not ${givenText(value)}` };
    },
  } satisfies Option<string>,
  reconcileMs: milliseconds(
    {
      flag: 'reconcile-ms',
      environment: 'FLEETWAKE_RECONCILE_MS',
      placeholder: 'duration',
      help: 'interval of the reconciliation of vehicles with entitlements; 0: never',
      fallback: 3_600_000,
    },
    0,
    30 * dayMs,
  ),
  reconcileRepeats: wholeNumber(
    {
      flag: 'reconcile-repeats',
      environment: 'FLEETWAKE_RECONCILE_REPEATS',
      placeholder: 'count',
      help: 'commands of reconciliation for one feature within a day that a vehicle may confirm and contradict before a ticket is opened',
      fallback: standardContradictions.repeatMax,
    },
    1,
    1_000,
  ),
  purchasesMax: wholeNumber(
    {
      flag: 'purchases-max',
      environment: 'FLEETWAKE_PURCHASES_MAX',
      placeholder: 'count',
      help: 'purchases under way at once per process at most; fewer while they are saved slowly, and the rest is refused with 503',
      fallback: standardPurchasesMax,
    },
    1,
    10_000,
  ),
  timeScale: wholeNumber(
    {
      flag: 'time-scale',
      environment: 'FLEETWAKE_TIME_SCALE',
      placeholder: 'factor',
      help: 'factor by which every delay, timeout and window is divided',
      fallback: 1,
    },
    1,
    10_000,
  ),
  logLevel: oneOf(
    {
      flag: 'log-level',
      environment: 'FLEETWAKE_LOG_LEVEL',
      placeholder: 'level',
      help: 'log level: debug, info, warn, error or silent',
      fallback: 'warn',
    },
    ['debug', 'info', 'warn', 'error', 'silent'],
  ),
};

/** Returns the ages of an option that was read. */
export function configuredAges(keep: string): Ages {
  const result = readAges(keep);
  return 'ages' in result ? result.ages : standardAges;
}
