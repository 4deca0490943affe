import type { Clock } from '../../shared/ports/clock.ts';
import type { DeviceLink, LinkMessage } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Random } from '../../shared/ports/random.ts';
import { type CommandResult, configureCommandSchema } from '../../shared/protocol/device-messages.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { applyMsOf } from '../vehicle/configure.ts';
import type { VehicleEvent, VehicleMessage, VehicleStep } from '../vehicle/event.ts';
import { step } from '../vehicle/step.ts';
import { clockOf, newVehicle, type Vehicle } from '../vehicle/vehicle.ts';
import type { Agenda } from './agenda.ts';
import { outages, recordedOutages } from './connectivity.ts';
import { faultEffects, loggedEffects } from './fault-effects.ts';
import { FaultSet } from './fault-set.ts';
import type { VehicleSpec } from './make-fleet.ts';
import type { FleetOptions } from './options.ts';
import { Outbox, type OutboxWay } from './outbox.ts';
import { startTelemetry } from './telemetry-timer.ts';
import { VehicleConnection } from './vehicle-connection.ts';
import { standingForm } from './vehicle-faults.ts';
import type { VehicleSnapshot } from './vehicle-snapshot.ts';
import { restoredVehicle, type VehicleStore } from './vehicle-store.ts';

export interface HostDeps {
  readonly link: DeviceLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly agenda: Agenda;
  readonly options: FleetOptions;
  /** Without it, the vehicle is as it left the factory each time. */
  readonly store?: VehicleStore | undefined;
}

const displayedMax = 16;
type FaultMoment = 'receiving' | 'applying' | 'answering';

/**
 * One vehicle with its connection: passes what arrives to the pure model and sends what comes out. A result stays until
 * the broker acknowledged it, across any number of connections.
 */
export class VehicleHost {
  readonly spec: VehicleSpec;
  readonly #deps: HostDeps;
  readonly #random: Random;
  #vehicle: Vehicle;
  readonly #connection: VehicleConnection;
  readonly #outbox: Outbox;
  readonly #faults: FaultSet;
  #faultRandom: Random | null = null;
  #hidesStatus: boolean = false;
  #resultsLost = 0;
  #refused = 0;
  readonly #isRestored: boolean;
  readonly #displayed: string[] = [];
  /** Saves that are not durable yet: nothing that tells of them leaves the vehicle. */
  #saving = 0;

  constructor(deps: HostDeps, spec: VehicleSpec) {
    this.spec = spec;
    this.#deps = deps;
    this.#random = deps.random.stream(spec.vin);
    this.#outbox = new Outbox(this.#way());
    const stored = deps.store?.load(spec.vin) ?? { memory: null, motion: null };
    this.#vehicle = restoredVehicle(newVehicle(spec), stored);
    this.#isRestored = stored.memory !== null;
    for (const result of stored.memory?.results ?? []) this.#outbox.addResult(result);
    this.#connection = this.#newConnection();
    this.#faults = this.#newFaults();
    for (const [index, fault] of spec.faults.entries()) {
      this.#faults.add(`planned ${index}`, standingForm(fault));
    }
  }

  get state(): VehicleSnapshot {
    return {
      vin: this.spec.vin,
      model: this.spec.model.id,
      region: this.spec.region,
      features: this.#vehicle.features,
      connected: this.#connection.isReady,
      running: this.#vehicle.running,
      displayed: [...this.#displayed],
      resultsWaiting: this.#outbox.waiting,
      resultsLost: this.#resultsLost,
      refused: this.#refused,
    };
  }

  get isAway(): boolean {
    return this.#connection.isAway;
  }

  /** Messages that a fault delays and that are not through yet. */
  get heldCount(): number {
    return this.#connection.heldCount;
  }

  /** What goes wrong with it; faults come and go while it runs. */
  get faults(): FaultSet {
    return this.#faults;
  }

  /** Starts the fault schedules, the connectivity profile and telemetry. */
  schedule(): void {
    const { agenda, clock, options } = this.#deps;
    this.#faults.begin();
    // What was accepted before the process ended is applied now, as after a restart of the vehicle.
    if (this.#isRestored) this.#take({ type: 'boot', now: this.#deps.clock.now() });
    const { connectivity, outages: recorded } = this.spec;
    const gaps = recorded
      ? recordedOutages(recorded, options.timeScale)
      : outages(connectivity, this.#random.stream('connectivity'), options.timeScale);
    this.#connection.follow(gaps);
    startTelemetry({
      agenda,
      clock,
      random: this.#random,
      everyMs: options.telemetryMs,
      canSend: () => this.#connection.isReady && !this.#connection.isWedged,
      send: (tick) => this.#take({ type: 'tick', ...tick, speedUp: 1 / options.timeScale }),
    });
  }

  /** Connects; resolves when the vehicle is ready for commands for the first time. */
  open(): Promise<void> {
    return this.#connection.open();
  }

  /** Takes the vehicle off the network for `ms`, or with null until `restore`. A cut during another one replaces it. */
  cut(ms: number | null): void {
    this.#connection.leave('cut', ms);
  }

  /** Back on the network, unless a fault keeps it away. */
  restore(): void {
    this.#connection.back('outage');
    this.#connection.back('cut');
  }

  /** From now on nothing but faults takes it off the network. */
  endOutages(): void {
    this.#connection.endOutages();
  }

  /** Power is lost and comes back after `bootMs`. Configuration, accepted commands and unsent results survive. */
  restart(): void {
    this.#take({ type: 'restart', now: this.#deps.clock.now() });
    this.#connection.hangUp();
    this.#deps.agenda.after(this.#deps.options.bootMs, () => {
      this.#take({ type: 'boot', now: this.#deps.clock.now() });
      this.#connection.reconnect();
    });
  }

  /** Says that it goes, and goes. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  #newConnection(): VehicleConnection {
    const { clock } = this.#deps;
    return new VehicleConnection({
      ...this.#deps,
      spec: this.spec,
      faults: () => this.#faults,
      drawsOfFaults: () => this.#drawsOfFaults(),
      vehicleClock: () => clockOf(this.#vehicle, clock.now()),
      isRunning: () => this.#vehicle.running,
      onMessage: (message) => this.#receive(message),
      onReady: async () => {
        this.#faults.enter('connected');
        this.#outbox.addStatus();
        await this.#outbox.flush();
      },
    });
  }

  #newFaults(): FaultSet {
    const { agenda, clock, log, options } = this.#deps;
    const effects = faultEffects({
      agenda,
      keepAliveSeconds: options.keepAliveSeconds,
      leave: (reason, ms) => this.#connection.leave(reason, ms),
      leavePolitely: (reason) => this.#connection.leavePolitely(reason),
      back: (reason) => this.#connection.back(reason),
      isAway: (reason) => this.#connection.isAwayFor(reason),
      breakLine: () => this.#connection.breakLine(),
      isSilenced: () => this.#faults.standing('timeout').length > 0,
      armResets: () => this.#connection.armResets(),
      take: (event) => this.#take(event),
      restart: () => this.restart(),
      endUnitFaults: (feature) => this.#faults.endUnitFaults(feature),
      clockSkewMs: () => this.#faults.standing('clock_skew').reduce((sum, { skewMs }) => sum + skewMs, 0),
      now: () => clock.now(),
      flush: () => {
        this.#outbox.addStatus();
        void this.#outbox.flush();
      },
    });
    return new FaultSet({
      agenda,
      random: () => this.#drawsOfFaults(),
      effects: loggedEffects(effects, log, this.spec.vin),
    });
  }

  /** A stream of its own: a fault that draws shifts nothing else. */
  #drawsOfFaults(): Random {
    this.#faultRandom ??= this.#random.stream('faults');
    return this.#faultRandom;
  }

  #receive(message: LinkMessage): void {
    const parsed = configureCommandSchema.safeParse(jsonOf(message.payload));
    if (!parsed.success || message.isUtf8 === false) {
      this.#refuse('malformed');
      return;
    }
    this.#faults.enter('receiving');
    if (this.#connection.isWedged) {
      this.#refuse('wedged');
      return;
    }
    if (this.#hangsAt('receiving', parsed.data.id) || this.#crashesAt('receiving')) return;
    this.#take({ type: 'command', now: this.#deps.clock.now(), command: parsed.data });
  }

  #hangsAt(moment: FaultMoment, commandId: string): boolean {
    if (!this.#faults.strike('hang_at', ({ attributes }) => attributes.at === moment)) return false;
    this.#deps.log.info('vehicle.hangs', { vin: this.spec.vin, commandId });
    return true;
  }

  #crashesAt(moment: FaultMoment): boolean {
    if (!this.#faults.strike('crash_at', ({ attributes }) => attributes.at === moment)) return false;
    this.restart();
    return true;
  }

  #refuse(reason: string): void {
    this.#refused += 1;
    this.#deps.log.warn('vehicle.refused', { vin: this.spec.vin, reason });
  }

  #take(event: VehicleEvent): void {
    this.#absorb(step(this.#vehicle, event));
  }

  #absorb(taken: VehicleStep): void {
    const before = this.#vehicle;
    this.#vehicle = taken.vehicle;
    if (taken.refused) this.#refuse(taken.refused);
    if (taken.display !== undefined) {
      this.#displayed.push(taken.display);
      if (this.#displayed.length > displayedMax) this.#displayed.shift();
    }
    for (const commandId of taken.applying ?? []) this.#apply(commandId);
    for (const message of taken.messages) this.#queue(message);
    this.#hidesStatus = false;
    this.#keep(before);
    void this.#outbox.flush();
  }

  /** Saves what has changed of the vehicle. A memory that cannot be saved is logged, and the vehicle continues. */
  #keep(before: Vehicle): void {
    const { store, log } = this.#deps;
    if (!store) return;
    const { vin } = this.spec;
    const { features, accepted, waiting, answers, motion } = this.#vehicle;
    if (motion !== before.motion) store.noteMotion(vin, motion);
    const isSame =
      features === before.features &&
      accepted === before.accepted &&
      waiting === before.waiting &&
      answers === before.answers;
    if (isSame) return;
    this.#saving += 1;
    const results = this.#outbox.unsent();
    void store
      .saveMemory(vin, { features, accepted, waiting, answers, results })
      .catch((error: unknown) => log.error('vehicle.memory_not_saved', { vin, error: String(error) }))
      .then(() => {
        this.#saving -= 1;
        return this.#outbox.flush();
      });
  }

  #apply(commandId: string): void {
    if (this.#hangsAt('applying', commandId)) return;
    this.#faults.enter('applying');
    if (this.#crashesAt('applying')) return;
    const { applyMs: fixedMs, timeScale } = this.#deps.options;
    const applyMs = fixedMs ?? Math.round(applyMsOf(this.#vehicle, commandId) * timeScale);
    this.#deps.agenda.after(applyMs, () =>
      this.#take({ type: 'applied', now: this.#deps.clock.now(), commandId }),
    );
  }

  #queue(message: VehicleMessage): void {
    switch (message.channel) {
      case 'result':
        this.#answer(message.payload);
        break;
      case 'status':
        if (!this.#hidesStatus) this.#outbox.addStatus();
        break;
      case 'telemetry':
        // Without a connection it is dropped: old telemetry has no use.
        if (this.#connection.isReady)
          void this.#connection.publish(topics.telemetry(this.spec.vin), message.payload, 0, false);
        break;
      default:
        message satisfies never;
    }
  }

  #answer(result: CommandResult): void {
    this.#faults.enter('answering');
    const lost = this.#faults.strike(
      'lose_ack',
      () => true,
      this.#faults.commands.answered(result.commandId),
    );
    const isSilent = lost === null && this.#keepsSilent(result);
    if (lost || isSilent) {
      this.#lose(result, lost?.withStatus ?? true);
      return;
    }
    this.#outbox.addResult(result);
    this.#crashesAt('answering');
  }

  /** Done, and nothing of it leaves the vehicle. */
  #keepsSilent({ commandId, results }: CommandResult): boolean {
    const isApplied = results.some(({ outcome }) => outcome === 'applied');
    return (
      (isApplied && this.#faults.strike('apply_but_no_ack') !== null) || this.#hangsAt('answering', commandId)
    );
  }

  #lose(result: CommandResult, withStatus: boolean): void {
    this.#hidesStatus = withStatus;
    this.#resultsLost += 1;
    this.#deps.log.info('vehicle.result_lost', { vin: this.spec.vin, commandId: result.commandId });
  }

  #way(): OutboxWay {
    const host = this;
    const { vin } = this.spec;
    return {
      get open() {
        return host.#connection.isReady && !host.#connection.isWedged && host.#saving === 0;
      },
      sendResult: (result) => {
        // The clock is that of sending: the other side takes the skew from it.
        const clock = clockOf(this.#vehicle, this.#deps.clock.now());
        return this.#connection.publish(topics.result(vin), { ...result, clock }, 1, false);
      },
      sendStatus: async () => {
        const { messages } = step(this.#vehicle, { type: 'connected', now: this.#deps.clock.now() });
        for (const { payload } of messages) {
          if (!(await this.#connection.publish(topics.status(vin), payload, 1, true))) return false;
        }
        return true;
      },
    };
  }
}
