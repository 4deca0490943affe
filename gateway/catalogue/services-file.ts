import { z } from 'zod';
import { pathText } from '../../shared/files/mistake.ts';
import { isCurrency } from '../../shared/protocol/currencies.ts';
import { hasBrokenCharacters, normalisedName, showsSomething } from '../../shared/protocol/plain-text.ts';
import { shapeHint, withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { policyFaults, type RetryPolicy, standardPolicy } from '../activation/policy.ts';
import { sentences } from './faults.ts';
import { type CatalogueFiles, readJson } from './files.ts';
import { type Duration, durationText, type Service, sameDuration } from './service.ts';

export const servicesPath = 'services.json';

/** Messages are fix hints: they end the sentence that names file and field. */
const whole = (error: string) => z.int({ error });
const durationMs = whole('write a whole number of milliseconds').optional();

const countedDuration = z.strictObject({
  unit: z.enum(['hours', 'days', 'months']),
  count: whole('write a whole number from 1 to 1200').min(1).max(1_200),
});
const durationFileSchema = z.discriminatedUnion(
  'unit',
  [countedDuration, z.strictObject({ unit: z.literal('permanent') })],
  { error: 'write a duration whose unit is hours, days, months or permanent' },
);

const priceError = 'write the price in minor units, a whole number from 1 to 99999999';
const currencyError = 'write three capital letters (ISO 4217), such as EUR';
const unknownCurrencyError = 'write a currency that ISO 4217 knows, such as EUR';
const offerSchema = z.strictObject(
  {
    duration: durationFileSchema,
    price: z.strictObject(
      {
        amountMinor: whole(priceError).min(1, priceError).max(99_999_999, priceError),
        currency: z
          .string({ error: currencyError })
          .regex(/^[A-Z]{3}$/, currencyError)
          .refine((code) => !/^[A-Z]{3}$/.test(code) || isCurrency(code), unknownCurrencyError),
      },
      { error: shapeHint('write {"amountMinor": 4990, "currency": "EUR"}') },
    ),
  },
  { error: shapeHint('write an offer: {"duration": …, "price": …}') },
);

const policySchema = z.strictObject(
  {
    // No limit is for revocations only: a purchase must end.
    maxRetries: whole('write a whole number of retries').optional(),
    baseDelayMs: durationMs,
    maxDelayMs: durationMs,
    jitter: z.number({ error: 'write a number from 0 to 1' }).optional(),
    pollEveryMs: durationMs,
    resultGraceMs: durationMs,
    settlementMs: durationMs,
    deadlineMs: whole('write a whole number of milliseconds, or null for no deadline').nullable().optional(),
  },
  { error: shapeHint('write an object with the fields that differ from the standard policy') },
);

const graceMsMax = 90 * 24 * 3_600_000;

const idError = 'write 1 to 64 small letters, digits and hyphens';
const serviceSchema = z.strictObject(
  {
    id: z.string({ error: idError }).regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, idError),
    name: z
      .string({ error: 'write the name that customers see' })
      .min(1, 'write the name that customers see')
      .max(80, 'write at most 80 characters')
      .refine((text) => !hasBrokenCharacters(text), 'write the name without control characters')
      .refine((text) => text === '' || showsSomething(text), 'write a name that shows something')
      .overwrite(normalisedName),
    feature: z
      .string({ error: "write the feature's name in the vehicle, such as heated_seats" })
      .regex(/^[a-z0-9_]{1,64}$/, "write the feature's name in the vehicle, such as heated_seats"),
    offers: z
      .array(offerSchema, { error: 'write a list of offers' })
      .min(1, 'write at least one offer')
      .max(50, 'write at most 50 offers'),
    capture: z
      .enum(['on_delivery', 'immediately'], { error: 'write on_delivery or immediately' })
      .default('on_delivery'),
    policy: policySchema.optional(),
    cancellation: z.enum(['at_once', 'refused'], { error: 'write at_once or refused' }).default('at_once'),
    uncollectible: z
      .union([z.literal('keep'), z.strictObject({ deactivateAfterMs: z.int().min(1).max(graceMsMax) })], {
        error: 'write keep, or {"deactivateAfterMs": 604800000} with at most 90 days',
      })
      .default('keep'),
  },
  { error: shapeHint('write a service: {"id": …, "name": …, "feature": …, "offers": […]}') },
);

const servicesFileSchema = z.strictObject(
  {
    services: z
      .array(serviceSchema, { error: 'write a list of services' })
      .min(1, 'write at least one service')
      .max(500, 'write at most 500 services'),
  },
  { error: shapeHint('write {"services": […]}') },
);
type ServicesFile = z.infer<typeof servicesFileSchema>;

function policyOf(entry: ServicesFile['services'][number]): RetryPolicy {
  const given = Object.entries(entry.policy ?? {}).filter(([, value]) => value !== undefined);
  return { ...standardPolicy, ...(Object.fromEntries(given) as Partial<RetryPolicy>) };
}

/** What no schema sees: repeated ids and durations, and policies that would never end or never grow. */
function faultsBetween(services: readonly Service[]): string[] {
  const faults: string[] = [];
  const fault = (path: PropertyKey[], text: string) =>
    faults.push(`${servicesPath}: ${pathText(path)} ${text}.`);
  for (const [index, { id, offers, policy }] of services.entries()) {
    const first = services.findIndex((other) => other.id === id);
    if (first < index)
      fault(
        ['services', index, 'id'],
        `is ${JSON.stringify(id)} as in services[${first}]; give it another id`,
      );
    for (const [position, { duration }] of offers.entries()) {
      const before = offers.findIndex((other) => sameDuration(other.duration, duration));
      if (before < position) {
        const path = ['services', index, 'offers', position, 'duration'];
        fault(path, `is ${durationText(duration)} as in offers[${before}]; a duration has one price`);
      }
    }
    for (const text of policyFaults(policy)) fault(['services', index, 'policy'], `cannot be used: ${text}`);
  }
  return faults;
}

/** The services of `services.json`; what is wrong goes into `faults`, and then the list is not to be used. */
export function readServices(files: CatalogueFiles, faults: string[]): Service[] {
  const document = readJson(files, servicesPath, faults);
  if (document === undefined) return [];
  const parsed = servicesFileSchema.safeParse(document, withSimilarFields);
  if (!parsed.success) {
    faults.push(...sentences(servicesPath, parsed.error, document));
    return [];
  }
  const services = parsed.data.services.map(
    (entry): Service => ({
      id: entry.id,
      name: entry.name,
      feature: entry.feature,
      offers: entry.offers.map(({ duration, price }) => ({ duration: duration as Duration, price })),
      capture: entry.capture,
      policy: policyOf(entry),
      cancellation: entry.cancellation,
      uncollectible: entry.uncollectible,
    }),
  );
  faults.push(...faultsBetween(services));
  return services;
}
