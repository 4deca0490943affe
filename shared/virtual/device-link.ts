import { newTopicIndex, type TopicIndex } from '../memory/topic-index.ts';
import type { DeviceLink, LinkMessage, LinkOptions } from '../ports/device-link.ts';
import { type Log, silentLog } from '../ports/log.ts';
import { integerBetween, type Random } from '../ports/random.ts';
import { waitingMaxOf } from '../protocol/broker-limits.ts';
import { type Carrier, newSession, type Session } from './broker-session.ts';
import { type LinkClient, type LinkHub, newLinkClient } from './link-client.ts';
import type { VirtualLoop } from './loop.ts';
import type { MessageFault, Passage } from './message-fault.ts';
import type { VirtualProcess } from './process.ts';
import { newRetainedMessages } from './retained-messages.ts';
import { newTally } from './tally.ts';
import { newWire, type Wire } from './wire.ts';

/** Who may do what: null for yes, else the reason that is logged. */
export interface BrokerRules {
  admit?(options: LinkOptions): string | null | Promise<string | null>;
  refusePublish?(options: LinkOptions, message: LinkMessage): string | null;
  refuseWill?(options: LinkOptions, will: LinkMessage): string | null;
  refuseSubscribe?(options: LinkOptions, filter: string): string | null;
}

export interface VirtualBrokerDeps {
  readonly loop: VirtualLoop;
  readonly random: Random;
  readonly log?: Log;
  readonly rules?: BrokerRules;
  /** One way; 1 to 20 ms by default. */
  readonly latencyMs?: () => number;
  /** QoS 1 messages that wait for a session that is away; the oldest goes beyond it. As in the gateway's broker by default. */
  readonly waitingMaxOf?: (clientId: string) => number;
}

export interface VirtualBroker {
  /**
   * The link of one process; its connections end with it, without a DISCONNECT. With `embedded` they are in the broker's own
   * process: no latency, and a publisher outside is acknowledged only once these subscribers have handled its message.
   */
  connect(process: VirtualProcess, how?: { readonly embedded?: boolean }): DeviceLink;
  /** All connections break, no last will is published, no client can connect. Sessions and retained messages stay, or not. */
  stop(keeps: { readonly keepsSessions: boolean }): void;
  start(): void;
  /** `stop`, then `start` after `downMs` (500). */
  restart(how: { readonly keepsSessions: boolean; readonly downMs?: number }): void;
  /**
   * No message passes between these clients and the broker until the fault ends, and neither side gets an error. The
   * keep-alive finds it: the broker after one and a half intervals, the client after one.
   */
  setSilent(clientId: string, isSilent: boolean): void;
  /** Asked for every message on its way in, and once more for each client on its way out. Replaces the hook before it. */
  onMessage(hook: (passage: Passage) => MessageFault | null): void;
  readonly connectionCount: number;
  readonly retained: ReadonlyMap<string, LinkMessage>;
  /** Client → how many messages wait for it. */
  waiting(): Readonly<Record<string, number>>;
}

const restartDefaultMs = 500;

/** A connection as the broker sees it. */
interface Attached {
  readonly options: LinkOptions;
  readonly client: LinkClient;
  readonly wire: Wire;
  readonly session: Session;
  readonly isEmbedded: boolean;
  close(reason: string): void;
}

/** Broker of the virtual environment: the rules of MQTT 3.1.1 that the product relies on, on virtual time alone. */
export function virtualBroker(deps: VirtualBrokerDeps): VirtualBroker {
  const { loop, random, log = silentLog } = deps;
  const clock = loop.clock('broker');
  const draws = random.stream('broker');
  const latencyMs = deps.latencyMs ?? (() => integerBetween(draws, 1, 20));
  const sessions = new Map<string, Session>();
  const attached = new Map<Session, Attached>();
  /** Client → what tells one silence of it from the next. */
  const silences = new Map<string, symbol>();
  const wires = new Map<string, Set<Wire>>();
  let index: TopicIndex<Session> = newTopicIndex();
  const retained = newRetainedMessages();
  /** Connections in the broker's own process. */
  let insideCount = 0;
  let isUp = true;
  let hook: ((passage: Passage) => MessageFault | null) | null = null;

  /** Does it once, or as often and as late as the fault says. */
  function pass(fault: MessageFault | null, act: () => void): void {
    if (fault?.kind === 'drop') return;
    if (fault?.kind === 'delay') return void clock.setTimer(fault.delayMs, act);
    act();
    if (fault?.kind === 'duplicate') clock.setTimer(fault.delayMs, act);
  }

  /** Brings the message to every subscriber, or to those who are left once the broker's own process is through with it. */
  function route(from: string, message: LinkMessage, served?: ReadonlySet<Session>): void {
    if (message.retain) retained.set(message);
    const live = liveOf(message);
    for (const session of index.match(message.topic)) if (!served?.has(session)) deliver(from, session, live);
  }

  /** `onHandled` once every subscriber in the broker's own process is done with it, with whether all went well. */
  function routeInside(
    from: string,
    message: LinkMessage,
    onHandled: (isWell: boolean, served: ReadonlySet<Session>) => void,
  ): void {
    const inside = [...index.match(message.topic)].filter((session) => attached.get(session)?.isEmbedded);
    const served = new Set(inside);
    const waits = newTally((isWell) => onHandled(isWell, served));
    for (const session of inside) deliver(from, session, liveOf(message), waits.one());
    waits.close();
  }

  function deliver(
    from: string,
    session: Session,
    message: LinkMessage,
    held?: (isHandled: boolean) => void,
  ): void {
    const { clientId } = session;
    const fault = hook?.({ from, to: clientId, message }) ?? null;
    if (fault?.kind === 'drop') held?.(true);
    pass(fault, () => {
      // If no publisher waits for the handler, only the subscriber learns of its failure.
      const isKept = held
        ? session.deliver(
            message,
            () => held(true),
            () => held(false),
          )
        : session.deliver(message);
      if (!isKept) log.warn('broker.queue_full', { clientId });
    });
  }

  /** A publish arrived. `answer` is called when the publisher may be acknowledged. */
  function takeIn(by: Attached, message: LinkMessage, answer: () => void): void {
    const { clientId } = by.options;
    const refusal = deps.rules?.refusePublish?.(by.options, message) ?? null;
    if (refusal !== null) {
      log.warn('broker.refused', { clientId, topic: message.topic, reason: refusal });
      by.close(`refused to publish: ${refusal}`);
      return;
    }
    const fault = hook?.({ from: clientId, to: null, message }) ?? null;
    if (fault?.kind === 'cut') {
      if (fault.isTaken) route(clientId, message);
      by.close('cut');
      return;
    }
    if (fault === null && !by.isEmbedded && insideCount > 0) {
      routeInside(clientId, message, (isWell, served) => {
        if (!isWell) return by.close('a subscriber failed');
        // Where it cannot be acknowledged it goes no further: its publisher sends it again.
        if (message.qos === 1 && attached.get(by.session) !== by) return;
        route(clientId, message, served);
        answer();
      });
      return;
    }
    pass(fault, () => route(clientId, message));
    answer();
  }

  function detach(by: Attached, hasWill: boolean): void {
    const { session, options } = by;
    if (attached.get(session) !== by) return;
    attached.delete(session);
    if (by.isEmbedded) insideCount -= 1;
    session.detach();
    if (session.isClean) forget(session);
    if (!hasWill || !options.will) return;
    const refusal = deps.rules?.refuseWill?.(options, options.will) ?? null;
    if (refusal === null) route(options.clientId, options.will);
    else
      log.warn('broker.refused', { clientId: options.clientId, topic: options.will.topic, reason: refusal });
  }

  function forget(session: Session): void {
    index.remove(session);
    if (sessions.get(session.clientId) === session) sessions.delete(session.clientId);
  }

  function sessionFor(
    { clientId, cleanSession }: LinkOptions,
    isEmbedded: boolean,
  ): { session: Session; isPresent: boolean } {
    const known = sessions.get(clientId);
    const rival = known && attached.get(known);
    rival?.close('another connection took the client id');
    // Aedes counts a session without a subscription as none; the broker's own process remembers that one too.
    if (known && !known.isClean && !cleanSession)
      return { session: known, isPresent: isEmbedded || index.has(known) };
    if (known) forget(known);
    const session = newSession(clientId, cleanSession, (deps.waitingMaxOf ?? waitingMaxOf)(clientId));
    sessions.set(clientId, session);
    return { session, isPresent: false };
  }

  /** The answer goes first, then what is retained. */
  function subscribe(
    by: Attached,
    filters: readonly string[],
    answer: (refused: readonly string[]) => void,
  ): void {
    const refused = filters.filter((filter) => deps.rules?.refuseSubscribe?.(by.options, filter) != null);
    const granted = filters.filter((filter) => !refused.includes(filter));
    for (const filter of granted) index.add(filter, by.session);
    by.wire.down(() => answer(refused));
    showRetained(by, retained.matchedBy(granted));
  }

  /** In the broker's own process each waits until the one before is handled. */
  function showRetained(by: Attached, messages: readonly LinkMessage[]): void {
    const [next, ...rest] = by.isEmbedded ? messages : [];
    if (next) by.session.show(next, () => showRetained(by, rest));
    else for (const message of messages) by.session.show(message, () => {});
  }

  const hub: LinkHub = {
    clock,
    random: random.stream('link'),
    log,
    openWork: (name, process) => loop.openWork(name, process),
    wire(clientId, isEmbedded) {
      const wire = newWire({ clock, latencyMs: isEmbedded ? () => 0 : latencyMs });
      wire.setSilent(silences.has(clientId));
      const own = wires.get(clientId) ?? new Set();
      for (const old of own) if (!old.isClientOpen && !old.isBrokerOpen) own.delete(old);
      wires.set(clientId, own.add(wire));
      return wire;
    },
    async accept(client, wire, isEmbedded) {
      const { options } = client;
      const refusal = isUp ? ((await deps.rules?.admit?.(options)) ?? null) : 'the broker is down';
      if (!isUp || !wire.isBrokerOpen)
        return wire.closeBroker(() => client.onClosed(wire, 'the broker is down'));
      if (refusal !== null) {
        log.warn('broker.refused', { clientId: options.clientId, reason: refusal });
        return wire.closeBroker(() => client.onClosed(wire, `refused: ${refusal}`));
      }
      const { session, isPresent } = sessionFor(options, isEmbedded);
      const by: Attached = {
        options,
        client,
        wire,
        session,
        isEmbedded,
        close(reason) {
          if (!wire.isBrokerOpen) return;
          wire.closeBroker(() => client.onClosed(wire, reason));
          detach(by, isUp);
        },
      };
      attached.set(session, by);
      if (isEmbedded) insideCount += 1;
      wire.onClientGone(() => detach(by, true));
      wire.down(() =>
        client.onAccepted(wire, isPresent, {
          publish: (message, answer) => wire.up(() => takeIn(by, message, () => wire.down(answer))),
          subscribe: (filters, answer) => wire.up(() => subscribe(by, filters, answer)),
          leave: () =>
            wire.up(() => {
              wire.closeBroker(() => client.onClosed(wire, 'closed'));
              detach(by, false);
            }),
        }),
      );
      const carrier: Carrier = {
        carry: (message, acknowledge, fail) =>
          wire.down(() => client.receive(wire, message, () => wire.up(acknowledge), fail)),
      };
      session.attach(carrier);
    },
  };

  return {
    connect: (process, { embedded = false } = {}) => ({
      open: (options) => newLinkClient(hub, process, options, embedded),
    }),
    stop({ keepsSessions }) {
      isUp = false;
      for (const by of [...attached.values()]) by.close('the broker stopped');
      if (keepsSessions) return;
      sessions.clear();
      retained.clear();
      index = newTopicIndex();
    },
    start() {
      isUp = true;
    },
    restart({ keepsSessions, downMs = restartDefaultMs }) {
      this.stop({ keepsSessions });
      clock.setTimer(downMs, () => this.start());
    },
    setSilent(clientId, isSilent) {
      const silence = Symbol(clientId);
      if (isSilent) silences.set(clientId, silence);
      else silences.delete(clientId);
      for (const wire of wires.get(clientId) ?? []) wire.setSilent(isSilent);
      const session = sessions.get(clientId);
      const by = session && attached.get(session);
      if (!isSilent || !by) return;
      const isStillSilent = () => silences.get(clientId) === silence;
      by.client.watchSilence(by.wire, isStillSilent);
      clock.setTimer(by.options.keepAliveSeconds * 1_500, () => {
        if (isStillSilent()) by.close('no sign of life within the keep-alive');
      });
    },
    onMessage(asked) {
      hook = asked;
    },
    waiting() {
      const counts = [...sessions].map(([clientId, { waitingCount }]) => [clientId, waitingCount] as const);
      return Object.fromEntries(counts.filter(([, count]) => count > 0));
    },
    get connectionCount() {
      return attached.size;
    },
    retained: retained.byTopic,
  };
}

/** Without the retain flag, as for existing subscribers [MQTT-3.3.1-9]. */
function liveOf(message: LinkMessage): LinkMessage {
  return message.retain ? { ...message, retain: false } : message;
}
