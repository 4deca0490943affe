import {
  type CommandResult,
  commandResultSchema,
  type ReportedFeature,
  reportedFeatureSchema,
  signalMax,
  signalSchema,
  signalsMax,
  statusFeaturesMax,
  type Telemetry,
  vehicleStatusSchema,
} from '../../shared/protocol/device-messages.ts';
import { reportedInstantSchema } from '../../shared/protocol/instant.ts';

/** Why a part of a message was left out, while the rest of the message counts. */
export const leftOutReasons = [
  /** A signal whose name or value has a wrong shape. */
  'signal_shape',
  /** A signal beyond the limit of a message or of a vehicle. */
  'signal_limit',
  /** A clock, model, firmware or feature of a status. */
  'status_part',
  /** A clock, reason or traceparent of a result. */
  'result_part',
] as const;
export type LeftOutReason = (typeof leftOutReasons)[number];

/** Parts that were left out, by name: `Vehicle.Speed`, `firmware`, `features.3`. */
export type LeftOut = readonly { readonly reason: LeftOutReason; readonly part: string }[];

/** What is usable of a message; null when what identifies it is not. */
export type Reading<T> = { readonly value: T; readonly leftOut: LeftOut } | null;

export interface StatusReading {
  readonly vin: string;
  readonly online: boolean;
  /** The vehicle's own clock; null when it is no whole number. */
  readonly clock: number | null;
  readonly model?: string;
  readonly firmware?: string;
  readonly features?: readonly ReportedFeature[];
  /** Features that the vehicle named in a shape that cannot be read: what was known of them stays. */
  readonly unreadFeatures: readonly string[];
}

export type ResultReading = Omit<CommandResult, 'clock'> & { readonly clock: number | null };
export type TelemetryReading = Omit<Telemetry, 'clock'> & { readonly clock: number | null };

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(json: unknown): Fields {
  return typeof json === 'object' && json !== null ? (json as Fields) : {};
}

function clockOf(fields: Fields): number | null {
  return reportedInstantSchema.safeParse(fields.clock).data ?? null;
}

/** What a status has to say at least. Made once: Zod compiles a schema when it first parses. */
const statusCoreSchema = vehicleStatusSchema.pick({ vin: true, online: true });

/** Returns the status as far as it can be read: `vin` and `online` suffice. */
export function readStatus(json: unknown): Reading<StatusReading> {
  const fields = fieldsOf(json);
  const core = statusCoreSchema.safeParse(fields);
  if (!core.success) return null;
  const leftOut: string[] = [];
  const clock = clockOf(fields);
  if (clock === null) leftOut.push('clock');
  const text = (name: 'model' | 'firmware') => {
    const { success, data } = vehicleStatusSchema.shape[name].safeParse(fields[name]);
    if (!success) leftOut.push(name);
    return data === undefined ? {} : { [name]: data };
  };
  const value = {
    ...core.data,
    clock,
    ...text('model'),
    ...text('firmware'),
    ...readFeatures(fields.features, leftOut),
  };
  return { value, leftOut: leftOut.map((part) => ({ reason: 'status_part', part })) };
}

const stateSchema = reportedFeatureSchema.omit({ parameters: true });

function readFeatures(given: unknown, leftOut: string[]): Pick<StatusReading, 'features' | 'unreadFeatures'> {
  if (given === undefined) return { unreadFeatures: [] };
  if (!Array.isArray(given)) {
    leftOut.push('features');
    return { unreadFeatures: [] };
  }
  const features: ReportedFeature[] = [];
  const unreadFeatures: string[] = [];
  for (const [index, item] of given.entries()) {
    const whole = reportedFeatureSchema.safeParse(item);
    // Parameters that cannot be read are no reason to forget the state of the feature.
    const feature = whole.success ? whole : stateSchema.safeParse(item);
    if (!whole.success && feature.success) leftOut.push(`features.${index}.parameters`);
    if (feature.success && features.length < statusFeaturesMax) features.push(feature.data);
    else {
      leftOut.push(`features.${index}`);
      const { feature: name } = fieldsOf(item);
      if (typeof name === 'string') unreadFeatures.push(name);
    }
  }
  return { features, unreadFeatures };
}

/** Returns the telemetry with its good signals, at most as many as a vehicle keeps. */
export function readTelemetry(json: unknown): Reading<TelemetryReading> {
  const fields = fieldsOf(json);
  const vin = vehicleStatusSchema.shape.vin.safeParse(fields.vin);
  const { signals: given } = fields;
  if (!vin.success || typeof given !== 'object' || given === null || Array.isArray(given)) return null;
  const signals = new Map<string, Telemetry['signals'][string]>();
  const leftOut: { reason: LeftOutReason; part: string }[] = [];
  for (const [path, value] of Object.entries(given)) {
    const signal = signalSchema.safeParse(value);
    if (path.length > signalMax || !signal.success) leftOut.push({ reason: 'signal_shape', part: path });
    else if (signals.size >= signalsMax) leftOut.push({ reason: 'signal_limit', part: path });
    else signals.set(path, signal.data);
  }
  const value = { vin: vin.data, clock: clockOf(fields), signals: Object.fromEntries(signals) };
  return { value, leftOut };
}

/** Returns the result; its outcomes must be right, and what only explains them need not be. */
export function readResult(json: unknown): Reading<ResultReading> {
  const fields = fieldsOf(json);
  const clock = clockOf(fields);
  const leftOut: string[] = [];
  const { traceparent } = fields;
  const keepsTrace = commandResultSchema.shape.traceparent.safeParse(traceparent).success;
  const parsed = commandResultSchema.safeParse({
    ...fields,
    clock: clock ?? 0,
    results: Array.isArray(fields.results)
      ? fields.results.map((item, index) => withReadableReason(item, index, leftOut))
      : fields.results,
    traceparent: keepsTrace ? traceparent : undefined,
  });
  if (!parsed.success) return null;
  if (clock === null) leftOut.push('clock');
  if (!keepsTrace) leftOut.push('traceparent');
  const value = { ...parsed.data, clock };
  return { value, leftOut: leftOut.map((part) => ({ reason: 'result_part', part })) };
}

const reasonMax = 256;

/** A reason that is too long is cut; one that is no text is left out. */
function withReadableReason(item: unknown, index: number, leftOut: string[]): unknown {
  const { reason, ...rest } = fieldsOf(item);
  if (reason === undefined || (typeof reason === 'string' && reason.length <= reasonMax)) return item;
  leftOut.push(`results.${index}.reason`);
  return typeof reason === 'string' ? { ...rest, reason: reason.slice(0, reasonMax) } : rest;
}
