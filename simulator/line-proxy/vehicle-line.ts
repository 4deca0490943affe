import type { Socket } from 'node:net';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Random } from '../../shared/ports/random.ts';
import { Absences } from '../fleet/absences.ts';
import type { Agenda } from '../fleet/agenda.ts';
import { loggedEffects } from '../fleet/fault-effects.ts';
import { FaultSet } from '../fleet/fault-set.ts';
import { linkEffects } from '../fleet/link-effects.ts';
import { LineConnection } from './line-connection.ts';

export interface LineDeps {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly random: Random;
  readonly log: Log;
}

/** MQTT's usual one, where a connection names none or cannot be read. */
const keepAliveDefaultSeconds = 60;

/** The line of one vehicle that Fleetwake does not play: its connections through the proxy, and their faults. */
export class VehicleLine {
  readonly faults: FaultSet;
  readonly #deps: LineDeps;
  readonly #absences: Absences;
  readonly #connections = new Set<LineConnection>();
  #keepAliveSeconds = keepAliveDefaultSeconds;

  constructor(deps: LineDeps, name: string) {
    this.#deps = deps;
    this.#absences = new Absences(deps.agenda, () => {});
    const line = this;
    const effects = linkEffects({
      agenda: deps.agenda,
      get keepAliveSeconds() {
        return line.#keepAliveSeconds;
      },
      leave(reason, ms) {
        line.#absences.begin(reason, ms);
        line.#breakAll();
      },
      back: (reason) => line.#absences.end(reason),
      isAway: (reason) => line.#absences.has(reason),
      breakLine: () => line.#breakAll(),
      isSilenced: () => line.faults.standing('timeout').length > 0,
      armResets() {
        for (const connection of line.#connections) connection.armResets();
      },
    });
    this.faults = new FaultSet({
      agenda: deps.agenda,
      random: () => deps.random,
      effects: loggedEffects(effects, deps.log, name),
    });
    this.faults.begin();
  }

  /** Off the network: a new connection is reset. */
  get isAway(): boolean {
    return this.#absences.isAway;
  }

  get isConnected(): boolean {
    return this.#connections.size > 0;
  }

  /** Joins a vehicle's socket with one to the broker. `keepAliveSeconds` is null where the connection cannot be read. */
  join(vehicle: Socket, broker: Socket, first: Uint8Array, keepAliveSeconds: number | null): void {
    if (keepAliveSeconds !== null) {
      this.#keepAliveSeconds = keepAliveSeconds === 0 ? keepAliveDefaultSeconds : keepAliveSeconds;
    }
    const connection = new LineConnection(
      {
        ...this.#deps,
        random: () => this.#deps.random,
        faults: this.faults,
        onAccepted: () => this.faults.enter('connected'),
        onClosed: () => this.#connections.delete(connection),
      },
      vehicle,
      broker,
      first,
    );
    this.#connections.add(connection);
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #breakAll(): void {
    for (const connection of this.#connections) connection.break();
  }
}
