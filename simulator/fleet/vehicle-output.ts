import type { Log } from '../../shared/ports/log.ts';
import type { CommandResult } from '../../shared/protocol/device-messages.ts';
import { topics } from '../../shared/protocol/topics.ts';
import type { VehicleMessage } from '../vehicle/event.ts';
import { step } from '../vehicle/step.ts';
import { clockOf, type Vehicle } from '../vehicle/vehicle.ts';
import type { FaultSet } from './fault-set.ts';
import { Outbox, type OutboxWay } from './outbox.ts';
import type { VehicleConnection } from './vehicle-connection.ts';

/** The vehicle whose messages these are, as it is now. */
export interface OutputSource {
  readonly vin: string;
  readonly vehicle: Vehicle;
  readonly connection: VehicleConnection;
  readonly faults: FaultSet;
  /** What the messages tell of is not durable yet. */
  readonly isSaving: boolean;
  now(): number;
  hangsAtAnswer(commandId: string): boolean;
  crashesAtAnswer(): boolean;
}

/**
 * What leaves a vehicle: results, status and telemetry. A result stays until the broker acknowledged it, across any number of
 * connections; a fault may lose it before.
 */
export class VehicleOutput {
  readonly #of: OutputSource;
  readonly #log: Log;
  readonly #outbox: Outbox;
  #hidesStatus: boolean = false;
  #resultsLost = 0;

  constructor(source: OutputSource, log: Log) {
    this.#of = source;
    this.#log = log;
    this.#outbox = new Outbox(this.#way());
  }

  get waiting(): number {
    return this.#outbox.waiting;
  }

  get resultsLost(): number {
    return this.#resultsLost;
  }

  /** Returns the results that no broker has acknowledged. */
  unsent(): readonly CommandResult[] {
    return this.#outbox.unsent();
  }

  /** Takes what was unsent when the process ended. */
  restore(results: readonly CommandResult[]): void {
    for (const result of results) this.#outbox.addResult(result);
  }

  addStatus(): void {
    this.#outbox.addStatus();
  }

  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  /** Queues the messages of one step of the vehicle. A status that follows a lost result may be lost with it. */
  queue(messages: readonly VehicleMessage[]): void {
    for (const message of messages) this.#queue(message);
    this.#hidesStatus = false;
  }

  #queue(message: VehicleMessage): void {
    const { connection, vin } = this.#of;
    switch (message.channel) {
      case 'result':
        this.#answer(message.payload);
        break;
      case 'status':
        if (!this.#hidesStatus) this.#outbox.addStatus();
        break;
      case 'telemetry':
        // Without a connection it is dropped: old telemetry has no use.
        if (connection.isReady) void connection.publish(topics.telemetry(vin), message.payload, 0, false);
        break;
      default:
        message satisfies never;
    }
  }

  #answer(result: CommandResult): void {
    const { faults } = this.#of;
    faults.enter('answering');
    const lost = faults.strike('lose_ack', () => true, faults.commands.answered(result.commandId));
    const isSilent = lost === null && this.#keepsSilent(result);
    if (lost || isSilent) {
      this.#lose(result, lost?.withStatus ?? true);
      return;
    }
    this.#outbox.addResult(result);
    this.#of.crashesAtAnswer();
  }

  /** Done, and nothing of it leaves the vehicle. */
  #keepsSilent({ commandId, results }: CommandResult): boolean {
    const isApplied = results.some(({ outcome }) => outcome === 'applied');
    return (
      (isApplied && this.#of.faults.strike('apply_but_no_ack') !== null) || this.#of.hangsAtAnswer(commandId)
    );
  }

  #lose({ commandId }: CommandResult, withStatus: boolean): void {
    this.#hidesStatus = withStatus;
    this.#resultsLost += 1;
    this.#log.info('vehicle.result_lost', { vin: this.#of.vin, commandId });
  }

  #way(): OutboxWay {
    const of = this.#of;
    return {
      get open() {
        return of.connection.isReady && !of.connection.isWedged && !of.isSaving;
      },
      sendResult: (result) => {
        // The clock is that of sending: the other side takes the skew from it.
        const clock = clockOf(of.vehicle, of.now());
        return of.connection.publish(topics.result(of.vin), { ...result, clock }, 1, false);
      },
      sendStatus: async () => {
        const { messages } = step(of.vehicle, { type: 'connected', now: of.now() });
        for (const { payload } of messages) {
          if (!(await of.connection.publish(topics.status(of.vin), payload, 1, true))) return false;
        }
        return true;
      },
    };
  }
}
