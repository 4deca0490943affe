import { z } from 'zod';
import { integerBetween, type Random } from '../../shared/ports/random.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { shareSchema } from './unit-schemas.ts';

/** Moments of a vehicle that a fault can wait for. */
export const vehicleStates = ['connected', 'receiving', 'applying', 'answering'] as const;
export type VehicleState = (typeof vehicleStates)[number];

export const targetModes = ['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'] as const;
type TargetMode = (typeof targetModes)[number];

/** Which commands of a purchase's feature, counted for each vehicle, feature and kind from 1 as they reach it. */
const commandSelectorSchema = z
  .strictObject({
    feature: z.string().min(1).max(64).describe('What the purchase activates: heated_seats.'),
    kind: z
      .enum(['activation', 'deactivation'])
      .default('activation')
      .describe('Commands that activate the feature, or that make it dormant.'),
    from: z.int().min(1).max(1_000).default(1).describe('The first of them, from 1.'),
    to: z.int().min(1).max(1_000).describe('The last of them.'),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'to must not be below from' });
export type CommandSelector = z.infer<typeof commandSelectorSchema>;

const selectorSchema = z.strictObject({
  vins: z.array(vinSchema).min(1).max(1_000).optional(),
  models: z.array(z.string().min(1)).min(1).max(100).optional(),
  regions: z.array(z.string().length(2)).min(1).max(100).optional().describe('ISO 3166-1 alpha-2.'),
  share: shareSchema({ isAbove: true })
    .optional()
    .describe(
      'This share of the fleet, chosen by a hash of the VIN: always the same vehicles, and those of 0.1 are among those of 0.2.',
    ),
  commands: commandSelectorSchema
    .optional()
    .describe('Only these commands and their answers; for faults of messages.'),
  state: z
    .enum(vehicleStates)
    .optional()
    .describe(
      'Begins each time the vehicle connects, receives a command, begins to apply it, or is about to answer, and lasts for schedule.forMs.',
    ),
});

/** Which vehicles: first the selector, then of those it leaves, as in Chaos Mesh, as many as mode and value say. */
export const vehicleTargetSchema = z
  .strictObject({
    mode: z.enum(targetModes).default('all'),
    value: z
      .number()
      .min(0)
      .optional()
      .describe('A count for fixed, a percentage for fixed-percent and random-max-percent.'),
    selector: selectorSchema.default({}),
  })
  .check(({ value: target, issues }) => {
    const text = valueMistake(target.mode, target.value);
    if (text) issues.push({ code: 'custom', input: target.value, path: ['value'], message: text });
  })
  .meta({ id: 'VehicleTarget' });
export type VehicleTarget = z.infer<typeof vehicleTargetSchema>;

/** Returns the fix hint for a wrong value of a mode, or null. */
export function valueMistake(mode: TargetMode, value: number | undefined): string | null {
  if (mode === 'one' || mode === 'all') return null;
  const what = mode === 'fixed' ? 'the number of vehicles' : 'the percentage of vehicles';
  if (value === undefined) return `with mode ${mode} write ${what}`;
  return mode !== 'fixed' && value > 100 ? 'write at most 100 percent' : null;
}

/** What a target can tell one vehicle from another by. */
export interface Targetable {
  readonly vin: string;
  /** Model id. */
  readonly model: string;
  readonly region: string;
}

/** The vehicles that the target means, in the order of the fleet's. */
export function chooseVehicles<Vehicle extends Targetable>(
  target: VehicleTarget,
  vehicles: readonly Vehicle[],
  random: Random,
): Vehicle[] {
  const { mode, value } = target;
  const candidates = candidatesOf(target, vehicles);
  const count = Math.min(targetCount({ mode, value }, candidates.length, random), candidates.length);
  if (count === candidates.length) return candidates;
  const chosen = new Set<Vehicle>();
  while (chosen.size < count) {
    const one = candidates[integerBetween(random, 0, candidates.length - 1)];
    if (one) chosen.add(one);
  }
  return candidates.filter((one) => chosen.has(one));
}

/** Returns the vehicles that a target's selector leaves, in the order of the fleet's. */
export function candidatesOf<Vehicle extends Targetable>(
  { selector: { vins, models, regions, share = 1 } }: VehicleTarget,
  vehicles: readonly Vehicle[],
): Vehicle[] {
  return vehicles.filter(
    ({ vin, model, region }) =>
      (vins === undefined || vins.includes(vin)) &&
      (models === undefined || models.includes(model)) &&
      (regions === undefined || regions.includes(region)) &&
      placeOf(vin) < share,
  );
}

interface Amount {
  readonly mode: TargetMode;
  readonly value?: number | undefined;
}

/** Returns how many of so many candidates a target has at the most: its count, where no random draw decides it. */
export function targetCountMax({ mode, value = 0 }: Amount, candidates: number): number {
  switch (mode) {
    case 'one':
      return 1;
    case 'all':
      return candidates;
    case 'fixed':
      return Math.floor(value);
    case 'fixed-percent':
    case 'random-max-percent':
      return Math.round((candidates * value) / 100);
    default:
      return mode satisfies never;
  }
}

/** How many of so many candidates. */
export function targetCount(amount: Amount, candidates: number, random: Random): number {
  const most = targetCountMax(amount, candidates);
  return amount.mode === 'random-max-percent' ? integerBetween(random, 0, most) : most;
}

/** A vehicle's place between 0 and 1, from its VIN alone (32-bit FNV-1a, mixed as MurmurHash ends). */
function placeOf(vin: string): number {
  let hash = 0x811c9dc5;
  for (const character of vin) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
