import type { ReportedFeature } from '../../shared/protocol/device-messages.ts';

/** The state of one vehicle at one moment, as checks read it. */
export interface VehicleSnapshot {
  readonly vin: string;
  readonly model: string;
  readonly region: string;
  readonly features: readonly ReportedFeature[];
  readonly connected: boolean;
  readonly running: boolean;
  /** The last texts that the display showed, oldest first; at most 16. */
  readonly displayed: readonly string[];
  /** Results that no broker has acknowledged yet. */
  readonly resultsWaiting: number;
  /** Results lost on purpose so far. */
  readonly resultsLost: number;
  /** Messages refused: no JSON, no command, for another vehicle, or the vehicle could not read them. */
  readonly refused: number;
  /** Not simulated by Fleetwake: a client behind the line proxy, of which only the connection is known. */
  readonly isForeign?: true;
}
