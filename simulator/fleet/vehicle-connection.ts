import type { Clock } from '../../shared/ports/clock.ts';
import { type DeviceLink, LinkClosed, type LinkMessage } from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { VehicleStatus } from '../../shared/protocol/device-messages.ts';
import { topics } from '../../shared/protocol/topics.ts';
import type { Coverage } from '../vehicle/signal-strength.ts';
import { Absences } from './absences.ts';
import type { Agenda } from './agenda.ts';
import type { Outage } from './connectivity.ts';
import type { FaultSet } from './fault-set.ts';
import { FaultyLine } from './faulty-line.ts';
import type { VehicleSpec } from './make-fleet.ts';
import type { FleetOptions } from './options.ts';

export interface ConnectionDeps {
  readonly link: DeviceLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly agenda: Agenda;
  readonly options: FleetOptions;
  readonly spec: VehicleSpec;
  readonly faults: () => FaultSet;
  readonly drawsOfFaults: () => Random;
  /** The vehicle's own clock now, in milliseconds. */
  readonly vehicleClock: () => number;
  /** Whether the vehicle has power. */
  readonly isRunning: () => boolean;
  readonly onMessage: (message: LinkMessage) => void;
  /** Called each time when the session stands and the command topic is subscribed. */
  readonly onReady: () => Promise<void>;
  /** Called once for each time that it was ready, when it is no longer. */
  readonly onGone: () => void;
}

/** Time-out of a DISCONNECT packet. */
const goodbyeMaxMs = 1_000;

/**
 * The MQTT connection of one vehicle: connects, subscribes its command topic, stays away for as long as outages and faults say, and
 * connects again.
 */
export class VehicleConnection {
  readonly #deps: ConnectionDeps;
  readonly #absences: Absences;
  #line: FaultyLine | null = null;
  /** The session stands and the command topic is subscribed. */
  #isSubscribed: boolean = false;
  #whenReady: (() => void) | null = null;
  /** Whether its DISCONNECT is being sent. */
  #isLeaving: boolean = false;
  /** For good: what comes back afterwards must not dial again. */
  #isClosed: boolean = false;
  #hasOutages: boolean = true;
  /** When its profile takes it off the network next, and when it was last back. */
  #nextOutageAt: number | null = null;
  #backAt: number | null = null;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    this.#absences = new Absences(deps.agenda, () => this.#comeBack());
  }

  get isReady(): boolean {
    return this.#isSubscribed && this.#line?.connected === true;
  }

  get isAway(): boolean {
    return this.#absences.isAway;
  }

  /** Messages that a fault delays and that are not through yet. */
  get heldCount(): number {
    return this.#line?.heldCount ?? 0;
  }

  isAwayFor(reason: string): boolean {
    return this.#absences.has(reason);
  }

  /** The network around the vehicle; `speedUp` makes its times those of the vehicle. */
  coverage(speedUp: number): Coverage {
    const now = this.#deps.clock.now();
    const faults = this.#deps.faults();
    const losses = [this.#nextOutageAt, faults.nextLossAt()].filter((at) => at !== null);
    return {
      untilLossMs: losses.length === 0 ? null : (Math.min(...losses) - now) * speedUp,
      sinceReturnMs: this.#backAt === null ? null : (now - this.#backAt) * speedUp,
      isWeak: faults.weakens(),
    };
  }

  get isWedged(): boolean {
    return this.#deps.faults().standing('wedged').length > 0;
  }

  /** Connects; resolves when the vehicle is ready for commands for the first time. */
  open(): Promise<void> {
    const { vin, password } = this.#deps.spec;
    const will: VehicleStatus = { vin, online: false, clock: this.#deps.vehicleClock() };
    return new Promise((resolve) => {
      this.#whenReady = resolve;
      this.#line = new FaultyLine(this.#lineDeps(), {
        clientId: `vehicle-${vin}`,
        username: vin,
        password,
        cleanSession: false,
        keepAliveSeconds: this.#deps.options.keepAliveSeconds,
        will: { topic: topics.status(vin), payload: JSON.stringify(will), qos: 1, retain: true },
        onMessage: (message) => this.#deps.onMessage(message),
        onConnect: ({ sessionPresent }) => void this.#greet(sessionPresent),
        onDisconnect: () => this.#end(),
      });
    });
  }

  /** False when the connection went before the broker took the message. */
  async publish(topic: string, payload: object, qos: 0 | 1, retain: boolean): Promise<boolean> {
    try {
      await this.#line?.publish({ topic, payload: JSON.stringify(payload), qos, retain });
      return true;
    } catch (error) {
      if (error instanceof LinkClosed) return false;
      throw error;
    }
  }

  /** Follows a profile of outages, which count from now. */
  follow(gaps: Generator<Outage>): void {
    this.#nextOutage(gaps, this.#deps.clock.now());
  }

  /** From now on nothing but faults takes it off the network. */
  endOutages(): void {
    this.#hasOutages = false;
    this.#nextOutageAt = null;
    this.#absences.end('outage');
  }

  /** Takes the vehicle off the network for `ms`, or with null until the reason ends. */
  leave(reason: string, ms: number | null): void {
    this.#absences.begin(reason, ms);
    this.hangUp();
  }

  /** It is offline at once, until that reason ends; its connection ends when the DISCONNECT is sent, or cannot be sent. */
  leavePolitely(reason: string): void {
    this.#absences.begin(reason, null);
    if (this.#isLeaving) return;
    if (!this.isReady || this.isWedged) {
      this.hangUp();
      return;
    }
    this.#isLeaving = true;
    void this.#tryGoodbye().then(() => {
      this.#isLeaving = false;
      this.hangUp();
      // The reason may be over meanwhile: then it dials and says that it is there.
      if (!this.isAway) this.#comeBack();
    });
  }

  /** Ends one reason to be away; it connects when no other is left. */
  back(reason: string): void {
    this.#absences.end(reason);
  }

  hangUp(): void {
    this.#end();
    this.#line?.cut();
  }

  /** Breaks the line as a lost network does. */
  breakLine(): void {
    this.#line?.break();
  }

  armResets(): void {
    this.#line?.armResets();
  }

  /** Connects again after the vehicle has booted, unless something keeps it away. */
  reconnect(): void {
    if (!this.isAway) this.#line?.reconnect();
  }

  /** Says that it goes, and goes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const line = this.#line;
    if (!line) return;
    if (this.isReady) await this.#tryGoodbye();
    this.#line = null;
    await line.close();
    this.#end();
  }

  #end(): void {
    const wasReady = this.#isSubscribed;
    this.#isSubscribed = false;
    if (wasReady) this.#deps.onGone();
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
    const { vin } = this.#deps.spec;
    const clock = this.#deps.vehicleClock();
    return this.publish(topics.status(vin), { vin, online: false, clock } satisfies VehicleStatus, 1, true);
  }

  #comeBack(): void {
    if (!this.#deps.isRunning() || this.#isClosed) return;
    if (this.#line) this.#line.reconnect();
    else void this.open();
  }

  #lineDeps() {
    const { link, clock, agenda, options, drawsOfFaults } = this.#deps;
    return {
      link,
      clock,
      agenda,
      random: drawsOfFaults,
      faults: this.#deps.faults(),
      onBroken: () => {
        this.#end();
        agenda.after(options.redialMs, () => {
          if (this.#deps.isRunning()) this.reconnect();
        });
      },
    };
  }

  async #greet(sessionPresent: boolean): Promise<void> {
    const line = this.#line;
    const { vin } = this.#deps.spec;
    // The link may call before `open` has handed the connection over; it calls in a later turn then.
    if (!line) return;
    try {
      if (!sessionPresent) await line.subscribe([`vehicles/${vin}/cmd/#`]);
    } catch (error) {
      if (!(error instanceof LinkClosed)) {
        this.#deps.log.error('vehicle.not_subscribed', { vin, error: String(error) });
      }
      return;
    }
    // The connection may have gone while the broker answered: then the next one greets.
    if (!line.connected) return;
    this.#isSubscribed = true;
    // The first connection follows no loss.
    if (!this.#whenReady) this.#backAt = this.#deps.clock.now();
    this.#whenReady?.();
    this.#whenReady = null;
    await this.#deps.onReady();
  }

  #nextOutage(gaps: Generator<Outage>, beganAt: number): void {
    const { value, done } = gaps.next();
    if (done) return;
    const { agenda, clock } = this.#deps;
    this.#nextOutageAt = beganAt + value.startMs;
    agenda.after(this.#nextOutageAt - clock.now(), () => {
      this.#nextOutageAt = null;
      if (!this.#hasOutages) return;
      // A vehicle that is away for another reason stays away for as long as that one says.
      if (!this.isAway) this.leave('outage', value.durationMs);
      this.#nextOutage(gaps, beganAt);
    });
  }
}
