import type { Clock, Timer } from '../../shared/ports/clock.ts';
import {
  type DeviceLink,
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
} from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import { integerBetween, type Random } from '../../shared/ports/random.ts';
import {
  type CommandResult,
  configureCommandSchema,
  type ReportedFeature,
  type VehicleStatus,
} from '../../shared/protocol/device-messages.ts';
import { topics } from '../../shared/protocol/topics.ts';
import type { VehicleEvent, VehicleMessage, VehicleStep } from '../vehicle/event.ts';
import { step } from '../vehicle/step.ts';
import { clockOf, newVehicle, type Vehicle } from '../vehicle/vehicle.ts';
import type { Agenda } from './agenda.ts';
import { type Outage, outages, recordedOutages } from './connectivity.ts';
import type { VehicleSpec } from './make-fleet.ts';
import type { FleetOptions } from './options.ts';
import { Outbox, type OutboxWay } from './outbox.ts';
import { clockSkewOf, cutsOf, hangsOf, lossesOf, troublesOf } from './vehicle-faults.ts';

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
  /** Messages dropped at the door: no JSON, no command, another vehicle's. */
  readonly refused: number;
}

const displayedMax = 16;

/**
 * One vehicle with its connection: feeds what arrives into the pure model and sends what comes out. A result stays until
 * the broker acknowledged it, across any number of connections.
 */
export class VehicleHost {
  readonly spec: VehicleSpec;
  readonly #deps: HostDeps;
  readonly #random: Random;
  #vehicle: Vehicle;
  #connection: LinkConnection | null = null;
  /** The session stands and the command topic is subscribed. */
  #ready: boolean = false;
  #whenReady: (() => void) | null = null;
  readonly #outbox: Outbox;
  #away: Timer | null = null;
  #isAway: boolean = false;
  /** It is its connectivity that keeps it away. */
  #isInOutage: boolean = false;
  #hasOutages: boolean = true;
  #tickedAt: number;
  #losses: { results: number; statuses: number };
  #hidesStatus: boolean = false;
  #hangsLeft: number;
  readonly #cuts: { left: number; readonly forMs: number | null };
  #resultsLost = 0;
  #refused = 0;
  readonly #displayed: string[] = [];

  constructor(deps: HostDeps, spec: VehicleSpec) {
    this.spec = spec;
    this.#deps = deps;
    this.#random = deps.random.stream(spec.vin);
    this.#tickedAt = deps.clock.now();
    this.#losses = lossesOf(spec.faults);
    this.#hangsLeft = hangsOf(spec.faults);
    this.#cuts = cutsOf(spec.faults);
    this.#outbox = new Outbox(this.#way());
    this.#vehicle = newVehicle({
      ...spec,
      clockSkewMs: clockSkewOf(spec.faults),
      troubles: troublesOf(spec.faults),
    });
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
    return this.#isAway;
  }

  /** Begins what runs by itself: offline windows, the connectivity profile, telemetry. */
  schedule(): void {
    const { agenda, options } = this.#deps;
    for (const fault of this.spec.faults) {
      if (fault.type !== 'offline') continue;
      const { afterMs, forMs } = fault.attributes;
      if (afterMs <= 0) this.cut(forMs);
      else agenda.after(afterMs, () => this.cut(forMs));
    }
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
    const { link, options, clock } = this.#deps;
    const will: VehicleStatus = { vin, online: false, clock: clockOf(this.#vehicle, clock.now()) };
    return new Promise((resolve) => {
      this.#whenReady = resolve;
      this.#connection = link.open({
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

  /** Takes the vehicle off the network for `ms`, or for good with null. A cut during another one replaces it. */
  cut(ms: number | null): void {
    this.#away?.cancel();
    this.#away = null;
    this.#isAway = true;
    this.#isInOutage = false;
    this.#ready = false;
    this.#connection?.cut();
    if (ms !== null) this.#away = this.#deps.agenda.after(ms, () => this.restore());
  }

  /** Back on the network. */
  restore(): void {
    this.#away?.cancel();
    this.#away = null;
    this.#isAway = false;
    this.#isInOutage = false;
    if (!this.#vehicle.running) return;
    if (this.#connection) this.#connection.reconnect();
    else void this.open();
  }

  /** From now on nothing but faults takes it off the network. */
  endOutages(): void {
    this.#hasOutages = false;
    if (this.#isInOutage) this.restore();
  }

  /** Power is lost and comes back after `bootMs`. Configuration, accepted commands and unsent results survive. */
  restart(): void {
    this.#take({ type: 'restart', now: this.#deps.clock.now() });
    this.#ready = false;
    this.#connection?.cut();
    this.#deps.agenda.after(this.#deps.options.bootMs, () => {
      this.#take({ type: 'boot', now: this.#deps.clock.now() });
      if (!this.#isAway) this.#connection?.reconnect();
    });
  }

  /** Says that it goes, and goes. */
  async close(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    if (this.#isReady) {
      const { vin } = this.spec;
      const payload: VehicleStatus = {
        vin,
        online: false,
        clock: clockOf(this.#vehicle, this.#deps.clock.now()),
      };
      await this.#publish(topics.status(vin), payload, 1, true);
    }
    this.#connection = null;
    await connection.close();
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
    this.#outbox.addStatus();
    await this.#outbox.flush();
  }

  #receive(message: LinkMessage): void {
    const parsed = configureCommandSchema.safeParse(jsonOf(message.payload));
    if (parsed.success) this.#take({ type: 'command', now: this.#deps.clock.now(), command: parsed.data });
    else this.#refuse('malformed');
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
    if (this.#hangsLeft > 0) {
      this.#hangsLeft -= 1;
      this.#deps.log.info('vehicle.hangs', { vin: this.spec.vin, commandId });
      return;
    }
    if (this.#cuts.left > 0) {
      this.#cuts.left -= 1;
      this.cut(this.#cuts.forMs);
    }
    this.#deps.agenda.after(this.#deps.options.applyMs, () =>
      this.#take({ type: 'applied', now: this.#deps.clock.now(), commandId }),
    );
  }

  #queue(message: VehicleMessage): void {
    switch (message.channel) {
      case 'result':
        if (this.#losses.results > 0) this.#lose(message.payload);
        else this.#outbox.addResult(message.payload);
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

  #lose(result: CommandResult): void {
    const { results, statuses } = this.#losses;
    this.#losses = { results: results - 1, statuses: Math.max(0, statuses - 1) };
    this.#hidesStatus = statuses > 0;
    this.#resultsLost += 1;
    this.#deps.log.info('vehicle.result_lost', { vin: this.spec.vin, commandId: result.commandId });
  }

  #way(): OutboxWay {
    const host = this;
    const { vin } = this.spec;
    return {
      get open() {
        return host.#isReady;
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
    if (this.#isReady) {
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
      if (!this.#isAway) {
        this.cut(value.durationMs);
        this.#isInOutage = true;
      }
      this.#nextOutage(gaps, beganAt);
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
