export interface FleetOptions {
  /** Mean time between two telemetry messages of a vehicle. */
  readonly telemetryMs: number;
  /** How long a control unit takes for one command; without it, as long as its vehicle model says. */
  readonly applyMs?: number;
  /** How long a restart takes. */
  readonly bootMs: number;
  /** Connections that are being made at once. */
  readonly diallingMax: number;
  /** Time after which the fleet starts without a vehicle that is not ready; that vehicle keeps trying. */
  readonly dialPatienceMs: number;
  readonly keepAliveSeconds: number;
  /** A vehicle whose connection the network ended dials again after this. */
  readonly redialMs: number;
  /** Multiplies the times of connectivity profiles and of vehicle models. */
  readonly timeScale: number;
}

export const defaultFleetOptions: FleetOptions = {
  telemetryMs: 10_000,
  bootMs: 2_000,
  diallingMax: 50,
  dialPatienceMs: 5_000,
  keepAliveSeconds: 60,
  redialMs: 500,
  timeScale: 1,
};
