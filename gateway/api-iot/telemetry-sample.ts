import type { Telemetry } from '../../shared/protocol/device-messages.ts';
import type { SampleSettings } from './config.ts';
import type { TelemetryRow, TelemetrySampleRow } from './store/schema.ts';

type Signals = Telemetry['signals'];

/** Numbers of one sample, at most. */
export const sampleSignalsMax = 32;

/** Where a vehicle has been is personal data of its driver: only the newest position is kept. */
const location = 'Vehicle.CurrentLocation.';

/** Returns the position among the signals (COVESA VSS); null where there is none, or none on Earth. */
export function positionOf(signals: Signals): Pick<TelemetryRow, 'latitude' | 'longitude'> {
  const latitude = signals[`${location}Latitude`];
  const longitude = signals[`${location}Longitude`];
  const isPlace =
    isNumber(latitude) && isNumber(longitude) && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return isPlace ? { latitude, longitude } : { latitude: null, longitude: null };
}

/**
 * Returns the sample of a vehicle that has just reported; null where one of this time was taken already, or where it has no number.
 * `before` is when the message before arrived.
 */
export function sampleOf(
  { vin, at }: Pick<TelemetryRow, 'vin' | 'at'>,
  signals: Signals,
  before: number | null,
  { everyMs, count }: SampleSettings,
): TelemetrySampleRow | null {
  if (count === 0) return null;
  const phase = phaseOf(vin, everyMs);
  const place = Math.floor((at + phase) / everyMs);
  if (before !== null && Math.floor((before + phase) / everyMs) === place) return null;
  const numbers = Object.entries(signals).filter(
    ([path, value]) => isNumber(value) && !path.startsWith(location),
  );
  if (numbers.length === 0) return null;
  const kept = Object.fromEntries(numbers.slice(0, sampleSignalsMax));
  return { vin, slot: place % count, at, signals: JSON.stringify(kept) };
}

/** Where in `everyMs` the time of a vehicle's sample begins: else all vehicles would write one in the same flush (FNV-1a). */
function phaseOf(vin: string, everyMs: number): number {
  let hash = 0x811c9dc5;
  for (const character of vin) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash % everyMs;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
