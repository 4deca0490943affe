import type { Log } from '../../shared/ports/log.ts';
import type { CommandResult } from '../../shared/protocol/device-messages.ts';
import type { Vehicle } from '../vehicle/vehicle.ts';
import type { VehicleStore } from './vehicle-store.ts';

/** Saves what changes of a vehicle. Nothing that tells of a change may leave the vehicle while `isSaving`. */
export class MemorySaver {
  readonly #store: VehicleStore | undefined;
  readonly #log: Log;
  #saving = 0;

  /** Without a store nothing is saved: the vehicle is as it left the factory each time. */
  constructor(store: VehicleStore | undefined, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  get isSaving(): boolean {
    return this.#saving > 0;
  }

  /**
   * Saves what `after` has changed of `before`; `onSaved` is called once it is durable. A memory that cannot be saved is logged, and
   * the vehicle continues.
   */
  save(
    before: Vehicle,
    after: Vehicle,
    results: readonly CommandResult[],
    onSaved: () => Promise<void>,
  ): void {
    const store = this.#store;
    if (!store) return;
    const { vin, features, accepted, waiting, answers, motion } = after;
    if (motion !== before.motion) store.noteMotion(vin, motion);
    const isSame =
      features === before.features &&
      accepted === before.accepted &&
      waiting === before.waiting &&
      answers === before.answers;
    if (isSame) return;
    this.#saving += 1;
    void store
      .saveMemory(vin, { features, accepted, waiting, answers, results })
      .catch((error: unknown) => this.#log.error('vehicle.memory_not_saved', { vin, error: String(error) }))
      .then(() => {
        this.#saving -= 1;
        return onSaved();
      });
  }
}
