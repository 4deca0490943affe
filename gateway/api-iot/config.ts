import { commandTimeoutMs, quotaPerHour } from '../../shared/protocol/api-iot.ts';
import type { OAuthClient } from '../oauth/client.ts';
import type { RetentionSettings } from '../retention/retention.ts';
import { type Shard, wholeFleet } from './shard.ts';

/** Plain numbers throughout: a compressed scenario hands in compressed ones. */
export interface ApiIotConfig {
  /** Where the app is reached, without a slash at its end: issuer and audience of its tokens. */
  readonly origin: string;
  readonly clients: readonly OAuthClient[];
  /** Configure commands accepted per vehicle in any window `(t - quotaWindowMs, t]`. */
  readonly quotaPerHour: number;
  readonly quotaWindowMs: number;
  /** From acceptance to time-out. */
  readonly commandTimeoutMs: number;
  /** The longest that `Prefer: wait` holds a request. */
  readonly preferWaitMaxMs: number;
  /** What happens to a VIN whose check digit is wrong: it is refused, taken and logged, or simply taken. */
  readonly checkDigit: 'strict' | 'warn' | 'off';
  /** Standard Webhooks secret: `whsec_` and base64. */
  readonly callbackSecret: string;
  readonly callbackRetry: CallbackRetry;
  /**
   * Whether the broker publishes the will of each of a vehicle's sessions (Mosquitto), not of the main one alone (the embedded
   * broker). A result or telemetry after such a will then shows that the vehicle is still there.
   */
  readonly hasWillsOfAllSessions: boolean;
  /** Telemetry is written at most once in this time. */
  readonly telemetryFlushMs: number;
  readonly telemetrySamples: SampleSettings;
  /** Null: nothing is removed by its age. */
  readonly retention: RetentionSettings | null;
  /** Whose messages this process handles; commands for any vehicle are taken by every process. */
  readonly shard: Shard;
  /** How the service signs in at the broker. Its session is kept, so results wait there while it is away. */
  readonly link: { readonly clientId: string; readonly username: string; readonly password: string };
}

/** How much of the past telemetry is kept: the numbers of at most `count` moments, `everyMs` apart. A count of 0 keeps none. */
export interface SampleSettings {
  readonly everyMs: number;
  readonly count: number;
}

export interface CallbackRetry {
  /** A try without an answer is given up after this time. */
  readonly timeoutMs: number;
  /** Wait before try n + 1: `min(2^(n-1) * baseDelayMs, maxDelayMs)`. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly attemptMax: number;
}

/**
 * Settings of the API IoT, by default those of the specification. Settings of an installation (origin, clients, secrets,
 * link) have no default.
 */
export const apiIotDefaults = {
  quotaPerHour,
  quotaWindowMs: 3_600_000,
  commandTimeoutMs,
  preferWaitMaxMs: 30_000,
  checkDigit: 'warn' as const,
  hasWillsOfAllSessions: false as boolean,
  callbackRetry: { timeoutMs: 10_000, baseDelayMs: 1_000, maxDelayMs: 300_000, attemptMax: 12 },
  shard: wholeFleet,
  telemetryFlushMs: 1_000,
  telemetrySamples: { everyMs: 60_000, count: 60 } as SampleSettings,
  retention: null as RetentionSettings | null,
} satisfies Partial<ApiIotConfig>;
