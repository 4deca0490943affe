import type { Clock } from '../../shared/ports/clock.ts';
import { type DeviceLink, LinkClosed, type LinkMessage } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import { integerBetween, type Random } from '../../shared/ports/random.ts';
import {
  type CommandResult,
  configureCommandSchema,
  type ReportedFeature,
  type VehicleStatus,
} from '../../shared/protocol/device-messages.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import { topics } from '../../shared/protocol/topics.ts';
import type { VehicleEvent, VehicleMessage, VehicleStep } from '../vehicle/event.ts';
import { step } from '../vehicle/step.ts';
import { clockOf, newVehicle, type Vehicle } from '../vehicle/vehicle.ts';
import { Absences } from './absences.ts';
import type { Agenda } from './agenda.ts';
import { type Outage, outages, recordedOutages } from './connectivity.ts';
import { faultEffects } from './fault-effects.ts';
import { FaultSet } from './fault-set.ts';
import { FaultyLine } from './faulty-line.ts';
import type { VehicleSpec } from './make-fleet.ts';
import type { FleetOptions } from './options.ts';
import { Outbox, type OutboxWay } from './outbox.ts';
import { standingForm } from './vehicle-faults.ts';

export interface HostDeps {
  readonly link: DeviceLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly agenda: Agenda;
  readonly options: FleetOptions;
}

/** What a check may know of a running vehicle. */
export interface VehicleState {
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
  /** Messages dropped at the door: no JSON, no command, another vehicle's, or nobody is awake to read them. */
  readonly refused: number;
}

const displayedMax = 16;
const goodbyeMaxMs = 1_000;
type FaultMoment = 'receiving' | 'applying' | 'answering';

/**
 * One vehicle with its connection: feeds what arrives into the pure model and sends what comes out. A result stays until
 * the broker acknowledged it, across any number of connections.
 */
export class VehicleHost {
  readonly spec: VehicleSpec;
  readonly #deps: HostDeps;
  readonly #random: Random;
  #vehicle: Vehicle;
  #connection: FaultyLine | null = null;
  /** The session stands and the command topic is subscribed. */
  #ready: boolean = false;
  #whenReady: (() => void) | null = null;
  /** Its goodbye is on its way. */
  #isLeaving: boolean = false;
  /** For good: what comes back afterwards must not dial again. */
  #isClosed: boolean = false;
  readonly #outbox: Outbox;
  readonly #absences: Absences;
  readonly #faults: FaultSet;
  #faultRandom: Random | null = null;
  #hasOutages: boolean = true;
  #tickedAt: number;
  #hidesStatus: boolean = false;
  #resultsLost = 0;
  #refused = 0;
  readonly #displayed: string[] = [];

  constructor(deps: HostDeps, spec: VehicleSpec) {
    this.spec = spec;
    this.#deps = deps;
    this.#random = deps.random.stream(spec.vin);
    this.#tickedAt = deps.clock.now();
    this.#outbox = new Outbox(this.#way());
    this.#vehicle = newVehicle(spec);
    this.#absences = new Absences(deps.agenda, () => this.#comeBack());
    this.#faults = this.#newFaults();
    for (const [index, fault] of spec.faults.entries()) {
      this.#faults.add(`planned ${index}`, standingForm(fault));
    }
  }

  get state(): VehicleState {
    return {
      vin: this.spec.vin,
      model: this.spec.model.id,
      region: this.spec.region,
      features: this.#vehicle.features,
      connected: this.#isReady,
      running: this.#vehicle.running,
      displayed: [...this.#displayed],
      resultsWaiting: this.#outbox.waiting,
      resultsLost: this.#resultsLost,
      refused: this.#refused,
    };
  }

  get #isReady(): boolean {
    return this.#ready && this.#connection?.connected === true;
  }

  get isAway(): boolean {
    return this.#absences.isAway;
  }

  /** What goes wrong with it; faults come and go while it runs. */
  get faults(): FaultSet {
    return this.#faults;
  }

  /** Begins what runs by itself: the schedules of faults, the connectivity profile, telemetry. */
  schedule(): void {
    const { agenda, options } = this.#deps;
    this.#faults.begin();
    const { connectivity, outages: recorded } = this.spec;
    const gaps = recorded
      ? recordedOutages(recorded, options.timeScale)
      : outages(connectivity, this.#random.stream('connectivity'), options.timeScale);
    this.#nextOutage(gaps, this.#deps.clock.now());
    agenda.after(integerBetween(this.#random, 0, options.telemetryMs), () => this.#tick());
  }

  /** Connects; resolves when the vehicle is ready for commands for the first time. */
  open(): Promise<void> {
    const { vin, password } = this.spec;
    const { options, clock } = this.#deps;
    const will: VehicleStatus = { vin, online: false, clock: clockOf(this.#vehicle, clock.now()) };
    return new Promise((resolve) => {
      this.#whenReady = resolve;
      this.#connection = new FaultyLine(this.#lineDeps(), {
        clientId: `vehicle-${vin}`,
        username: vin,
        password,
        cleanSession: false,
        keepAliveSeconds: options.keepAliveSeconds,
        will: { topic: topics.status(vin), payload: JSON.stringify(will), qos: 1, retain: true },
        onMessage: (message) => this.#receive(message),
        onConnect: ({ sessionPresent }) => void this.#greet(sessionPresent),
        onDisconnect: () => {
          this.#ready = false;
        },
      });
    });
  }

  /** Takes the vehicle off the network for `ms`, or with null until `restore`. A cut during another one replaces it. */
  cut(ms: number | null): void {
    this.#leave('cut', ms);
  }

  /** Back on the network, unless a fault keeps it away. */
  restore(): void {
    this.#absences.end('outage');
    this.#absences.end('cut');
  }

  /** From now on nothing but faults takes it off the network. */
  endOutages(): void {
    this.#hasOutages = false;
    this.#absences.end('outage');
  }

  /** Power is lost and comes back after `bootMs`. Configuration, accepted commands and unsent results survive. */
  restart(): void {
    this.#take({ type: 'restart', now: this.#deps.clock.now() });
    this.#hangUp();
    this.#deps.agenda.after(this.#deps.options.bootMs, () => {
      this.#take({ type: 'boot', now: this.#deps.clock.now() });
      if (!this.isAway) this.#connection?.reconnect();
    });
  }

  /** Says that it goes, and goes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    if (!connection) return;
    if (this.#isReady) await this.#tryGoodbye();
    this.#connection = null;
    await connection.close();
  }

  /** A line that lets nothing through may not keep the fleet from stopping. */
  #tryGoodbye(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.agenda.after(goodbyeMaxMs, resolve);
      void this.#sayGoodbye().then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #sayGoodbye(): Promise<boolean> {
    const { vin } = this.spec;
    const clock = clockOf(this.#vehicle, this.#deps.clock.now());
    return this.#publish(topics.status(vin), { vin, online: false, clock } satisfies VehicleStatus, 1, true);
  }

  #leave(reason: string, ms: number | null): void {
    this.#absences.begin(reason, ms);
    this.#hangUp();
  }

  /** It is away at once, until that reason ends; its connection ends when the goodbye is out, or cannot get out. */
  #leavePolitely(reason: string): void {
    this.#absences.begin(reason, null);
    if (this.#isLeaving) return;
    if (!this.#isReady || this.#isWedged) {
      this.#hangUp();
      return;
    }
    this.#isLeaving = true;
    void this.#tryGoodbye().then(() => {
      this.#isLeaving = false;
      this.#hangUp();
      // The reason may be over meanwhile: then it dials and says that it is there.
      if (!this.isAway) this.#comeBack();
    });
  }

  #hangUp(): void {
    this.#ready = false;
    this.#connection?.cut();
  }

  #comeBack(): void {
    if (!this.#vehicle.running || this.#isClosed) return;
    if (this.#connection) this.#connection.reconnect();
    else void this.open();
  }

  #newFaults(): FaultSet {
    const { agenda, clock, options } = this.#deps;
    const effects = faultEffects({
      agenda,
      keepAliveSeconds: options.keepAliveSeconds,
      leave: (reason, ms) => this.#leave(reason, ms),
      leavePolitely: (reason) => this.#leavePolitely(reason),
      back: (reason) => this.#absences.end(reason),
      isAway: (reason) => this.#absences.has(reason),
      breakLine: () => this.#connection?.break(),
      isSilenced: () => this.#faults.standing('timeout').length > 0,
      armResets: () => this.#connection?.armResets(),
      take: (event) => this.#take(event),
      clockSkewMs: () => this.#faults.standing('clock_skew').reduce((sum, { skewMs }) => sum + skewMs, 0),
      now: () => clock.now(),
      flush: () => {
        this.#outbox.addStatus();
        void this.#outbox.flush();
      },
    });
    return new FaultSet({ agenda, random: () => this.#drawsOfFaults(), effects });
  }

  /** A stream of its own: a fault that draws shifts nothing else. */
  #drawsOfFaults(): Random {
    this.#faultRandom ??= this.#random.stream('faults');
    return this.#faultRandom;
  }

  #lineDeps() {
    const { link, clock, agenda, options } = this.#deps;
    return {
      link,
      clock,
      agenda,
      random: () => this.#drawsOfFaults(),
      faults: this.#faults,
      onBroken: () => {
        this.#ready = false;
        agenda.after(options.redialMs, () => {
          if (!this.isAway && this.#vehicle.running) this.#connection?.reconnect();
        });
      },
    };
  }

  get #isWedged(): boolean {
    return this.#faults.standing('wedged').length > 0;
  }

  async #greet(sessionPresent: boolean): Promise<void> {
    const connection = this.#connection;
    // The link may call before `open` has handed the connection over; it calls in a later turn then.
    if (!connection) return;
    try {
      if (!sessionPresent) await connection.subscribe([`vehicles/${this.spec.vin}/cmd/#`]);
    } catch (error) {
      if (!(error instanceof LinkClosed)) {
        this.#deps.log.error('vehicle.not_subscribed', { vin: this.spec.vin, error: String(error) });
      }
      return;
    }
    // The connection may have gone while the broker answered: then the next one greets.
    if (!connection.connected) return;
    this.#ready = true;
    this.#whenReady?.();
    this.#whenReady = null;
    this.#faults.enter('connected');
    this.#outbox.addStatus();
    await this.#outbox.flush();
  }

  #receive(message: LinkMessage): void {
    const parsed = configureCommandSchema.safeParse(jsonOf(message.payload));
    if (!parsed.success || message.isUtf8 === false) {
      this.#refuse('malformed');
      return;
    }
    this.#faults.enter('receiving');
    if (this.#isWedged) {
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
    this.#vehicle = taken.vehicle;
    if (taken.refused) this.#refuse(taken.refused);
    if (taken.display !== undefined) {
      this.#displayed.push(taken.display);
      if (this.#displayed.length > displayedMax) this.#displayed.shift();
    }
    for (const commandId of taken.applying ?? []) this.#apply(commandId);
    for (const message of taken.messages) this.#queue(message);
    this.#hidesStatus = false;
    void this.#outbox.flush();
  }

  #apply(commandId: string): void {
    if (this.#hangsAt('applying', commandId)) return;
    this.#faults.enter('applying');
    if (this.#crashesAt('applying')) return;
    this.#deps.agenda.after(this.#deps.options.applyMs, () =>
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
        // Without a connection it is gone: nobody wants to know where the vehicle was.
        if (this.#isReady) void this.#publish(topics.telemetry(this.spec.vin), message.payload, 0, false);
        break;
      default:
        message satisfies never;
    }
  }

  #answer(result: CommandResult): void {
    this.#faults.enter('answering');
    const lost = this.#faults.strike('lose_ack');
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
        return host.#isReady && !host.#isWedged;
      },
      sendResult: (result) => {
        // The clock is that of sending: the other side takes the skew from it.
        const clock = clockOf(this.#vehicle, this.#deps.clock.now());
        return this.#publish(topics.result(vin), { ...result, clock }, 1, false);
      },
      sendStatus: async () => {
        const { messages } = step(this.#vehicle, { type: 'connected', now: this.#deps.clock.now() });
        for (const { payload } of messages) {
          if (!(await this.#publish(topics.status(vin), payload, 1, true))) return false;
        }
        return true;
      },
    };
  }

  /** False when the connection went before the broker took the message. */
  async #publish(topic: string, payload: object, qos: 0 | 1, retain: boolean): Promise<boolean> {
    try {
      await this.#connection?.publish({ topic, payload: JSON.stringify(payload), qos, retain });
      return true;
    } catch (error) {
      if (error instanceof LinkClosed) return false;
      throw error;
    }
  }

  #tick(): void {
    const { clock, agenda, options } = this.#deps;
    const now = clock.now();
    if (this.#isReady && !this.#isWedged) {
      const draws = [
        this.#random.fraction(),
        this.#random.fraction(),
        this.#random.fraction(),
        this.#random.fraction(),
      ];
      const elapsedMs = Math.max(0, now - this.#tickedAt);
      this.#tickedAt = now;
      this.#take({ type: 'tick', now, elapsedMs, draws });
    }
    // A tenth of jitter, so that a fleet that began together does not report together for ever.
    const jitterMs = Math.round(options.telemetryMs * 0.1 * (this.#random.fraction() * 2 - 1));
    agenda.after(options.telemetryMs + jitterMs, () => this.#tick());
  }

  #nextOutage(gaps: Generator<Outage>, beganAt: number): void {
    const { value, done } = gaps.next();
    if (done) return;
    const { agenda, clock } = this.#deps;
    agenda.after(beganAt + value.startMs - clock.now(), () => {
      if (!this.#hasOutages) return;
      // A vehicle that is away for another reason stays away for as long as that one says.
      if (!this.isAway) this.#leave('outage', value.durationMs);
      this.#nextOutage(gaps, beganAt);
    });
  }
}
