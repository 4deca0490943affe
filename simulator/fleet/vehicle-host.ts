import type { LinkMessage } from '../../shared/ports/device-link.ts';
import type { Random } from '../../shared/ports/random.ts';
import { configureCommandSchema } from '../../shared/protocol/device-messages.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import { applyMsOf } from '../vehicle/configure.ts';
import type { VehicleEvent, VehicleStep } from '../vehicle/event.ts';
import { step } from '../vehicle/step.ts';
import { clockOf, newVehicle, type Vehicle } from '../vehicle/vehicle.ts';
import { outages, recordedOutages } from './connectivity.ts';
import { faultEffects, loggedEffects } from './fault-effects.ts';
import { FaultSet } from './fault-set.ts';
import { type ObserveFleet, vehicleObserver } from './fleet-events.ts';
import type { VehicleSpec } from './make-fleet.ts';
import { MemorySaver } from './memory-saver.ts';
import { startTelemetry } from './telemetry-timer.ts';
import { type ConnectionDeps, VehicleConnection } from './vehicle-connection.ts';
import { standingForm } from './vehicle-faults.ts';
import { type OutputSource, VehicleOutput } from './vehicle-output.ts';
import type { VehicleSnapshot } from './vehicle-snapshot.ts';
import { restoredVehicle, type VehicleStore } from './vehicle-store.ts';

export interface HostDeps extends Pick<ConnectionDeps, 'link' | 'clock' | 'log' | 'agenda' | 'options'> {
  readonly random: Random;
  /** Without it, the vehicle is as it left the factory each time. */
  readonly store?: VehicleStore | undefined;
  readonly observe?: ObserveFleet | undefined;
}

const displayedMax = 16;
type FaultMoment = 'receiving' | 'applying' | 'answering';

/**
 * One vehicle with its connection: passes what arrives to the pure model and what comes out to the output.
 */
export class VehicleHost {
  readonly spec: VehicleSpec;
  readonly #deps: HostDeps;
  readonly #random: Random;
  readonly #observer: ReturnType<typeof vehicleObserver>;
  #vehicle: Vehicle;
  readonly #connection: VehicleConnection;
  readonly #output: VehicleOutput;
  readonly #memory: MemorySaver;
  readonly #faults: FaultSet;
  #faultRandom: Random | null = null;
  #refused = 0;
  readonly #isRestored: boolean;
  readonly #displayed: string[] = [];

  constructor(deps: HostDeps, spec: VehicleSpec) {
    this.spec = spec;
    this.#deps = deps;
    this.#random = deps.random.stream(spec.vin);
    this.#observer = vehicleObserver(deps.observe, spec);
    this.#memory = new MemorySaver(deps.store, deps.log);
    this.#output = new VehicleOutput(this.#source(), deps.log);
    const stored = deps.store?.load(spec.vin) ?? { memory: null, motion: null };
    this.#vehicle = restoredVehicle(newVehicle(spec), stored);
    this.#isRestored = stored.memory !== null;
    this.#output.restore(stored.memory?.results ?? []);
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
      resultsWaiting: this.#output.waiting,
      resultsLost: this.#output.resultsLost,
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
      send: (tick) => {
        const speedUp = 1 / options.timeScale;
        this.#take({ type: 'tick', ...tick, speedUp, coverage: this.#connection.coverage(speedUp) });
      },
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

  #source(): OutputSource {
    const host = this;
    return {
      vin: this.spec.vin,
      get vehicle() {
        return host.#vehicle;
      },
      get connection() {
        return host.#connection;
      },
      get faults() {
        return host.#faults;
      },
      get isSaving() {
        return host.#memory.isSaving;
      },
      now: () => this.#deps.clock.now(),
      hangsAtAnswer: (commandId) => this.#hangsAt('answering', commandId),
      crashesAtAnswer: () => this.#crashesAt('answering'),
    };
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
      onGone: this.#observer.disconnected,
      onReady: async () => {
        this.#observer.connected();
        this.#faults.enter('connected');
        this.#output.addStatus();
        await this.#output.flush();
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
        this.#output.addStatus();
        void this.#output.flush();
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
    this.#observer.received(parsed.data);
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
    this.#observer.stepped(before, taken.vehicle, taken.messages);
    if (taken.refused) this.#refuse(taken.refused);
    if (taken.display !== undefined) {
      this.#displayed.push(taken.display);
      if (this.#displayed.length > displayedMax) this.#displayed.shift();
    }
    for (const commandId of taken.applying ?? []) this.#apply(commandId);
    this.#output.queue(taken.messages);
    this.#memory.save(before, this.#vehicle, this.#output.unsent(), () => this.#output.flush());
    void this.#output.flush();
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
}
