import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import {
  type DeviceLink,
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
  type LinkOptions,
} from '../ports/device-link.ts';
import type { Log } from '../ports/log.ts';
import { payloadOf } from '../protocol/utf8.ts';
import { clientOptions } from './mqtt-client-options.ts';
import { openSocket } from './mqtt-socket.ts';

/** Waits before a reconnect: doubled each time, with jitter, so that a fleet does not come back in one wave. */
const reconnectBaseMs = 500;
const reconnectMaxMs = 15_000;
/** Only a connection that lasted this long resets the wait: else two clients with one id would fight without a pause. */
const steadyMs = 5_000;
/** Time-out of a DISCONNECT; then the connection is cut. */
const closeMaxMs = 2_000;
/** QoS 1 messages under way on one connection; further ones wait for their turn. MQTT has 65,535 packet ids. */
const outstandingMax = 10_000;
/** A filter's return code in SUBACK (MQTT 3.1.1 section 3.9.3). */
const subscribeRefused = 0x80;

/**
 * MQTT 3.1.1 over TCP or TLS (`mqtt://host:1883`, `mqtts://…`) by mqtt.js. A connection that is lost gets a new
 * mqtt.js client: its store would replay what we already reported as unknown, and lose what it is replaying when the
 * link drops once more. So a publish ends with the connection it began on, and its caller decides.
 */
export function mqttLink(deps: { readonly url: string; readonly log: Log }): DeviceLink {
  const url = new URL(deps.url);
  return {
    open(options) {
      const connection = new MqttConnection(url, deps.log, options);
      connection.reconnect();
      return connection;
    },
  };
}

interface Subscribing {
  readonly filters: readonly string[];
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** open: connected or about to be · waiting: for the next try · away: after `cut`, until asked back · closed: for good. */
type State = 'open' | 'waiting' | 'away' | 'closed';

class MqttConnection implements LinkConnection {
  readonly #url: URL;
  readonly #log: Log;
  readonly #options: LinkOptions;
  #state: State = 'away';
  #client: MqttClient | null = null;
  /** Filters that the broker granted: renewed when it forgot the session. */
  #granted: string[] = [];
  #subscribing: Subscribing[] = [];
  #outstanding = 0;
  #turns: (() => void)[] | null = null;
  #failures = 0;
  #connectedAt = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Why the connection is about to end, where that is known. */
  #reason: string | null = null;

  constructor(url: URL, log: Log, options: LinkOptions) {
    this.#url = url;
    this.#log = log;
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connectedAt > 0;
  }

  async publish(message: LinkMessage): Promise<void> {
    if (message.qos === 1 && this.#outstanding >= outstandingMax) {
      this.#turns ??= [];
      await new Promise<void>((resolve) => this.#turns?.push(resolve));
    }
    const client = this.#client;
    if (client === null || !this.connected) throw new LinkClosed('the link is not connected');
    if (message.qos === 1) this.#outstanding += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        const { topic, payload, qos, retain } = message;
        client.publish(topic, payload, { qos, retain }, (error) => {
          if (error) reject(new LinkClosed(`the link dropped: ${error.message}`));
          else resolve();
        });
      });
    } finally {
      if (message.qos === 1) {
        this.#outstanding -= 1;
        this.#turns?.shift()?.();
      }
    }
  }

  subscribe(filters: readonly string[]): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new LinkClosed('the link is closed'));
    return new Promise<void>((resolve, reject) => {
      const subscribing: Subscribing = { filters, resolve, reject };
      this.#subscribing.push(subscribing);
      if (this.connected) this.#sendSubscribe(subscribing);
    });
  }

  cut(): void {
    if (this.#state === 'closed') return;
    this.#state = 'away';
    this.#clearTimer();
    const client = this.#client;
    if (client !== null) this.#onClose(client, 'cut');
    client?.stream.destroy();
  }

  reconnect(): void {
    if (this.#state === 'closed' || this.#state === 'open') return;
    this.#state = 'open';
    this.#clearTimer();
    this.#connect();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#clearTimer();
    this.#endSubscribing();
    const client = this.#client;
    if (client === null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => client.stream.destroy(), closeMaxMs);
      client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.connected) client.end();
      else client.stream.destroy();
    });
  }

  #connect(): void {
    const url = this.#url;
    const client = new mqtt.MqttClient(() => openSocket(url), clientOptions(this.#options));
    this.#client = client;
    client.handleMessage = (packet, done) => this.#receive(client, packet, done);
    client.on('connect', (packet) => this.#onConnect(packet.sessionPresent));
    client.on('error', (error) => {
      this.#reason = error.message;
    });
    client.on('close', () => this.#onClose(client, this.#reason ?? 'the connection closed'));
  }

  #onConnect(sessionPresent: boolean): void {
    this.#connectedAt = performance.now();
    this.#reason = null;
    if (!sessionPresent && this.#granted.length > 0) {
      const filters = this.#granted;
      this.#granted = [];
      const failed = (error: Error) =>
        this.#log.warn('link.not_subscribed', { filters, error: error.message });
      this.#subscribing.push({ filters, resolve() {}, reject: failed });
    }
    for (const subscribing of this.#subscribing) this.#sendSubscribe(subscribing);
    this.#options.onConnect?.({ sessionPresent });
  }

  #onClose(client: MqttClient, reason: string): void {
    // After a cut we treat the connection as closed before its socket reports it.
    if (client !== this.#client) return;
    const wasConnected = this.connected;
    const wasSteady = wasConnected && performance.now() - this.#connectedAt > steadyMs;
    this.#client = null;
    this.#connectedAt = 0;
    this.#failures = wasSteady ? 0 : this.#failures + 1;
    if (this.#state === 'open') this.#comeBackLater();
    failOutstanding(client);
    if (this.#state === 'closed') return;
    if (wasConnected) this.#options.onDisconnect?.(reason);
    else this.#log.warn('link.not_connected', { clientId: this.#options.clientId, reason });
  }

  #comeBackLater(): void {
    this.#state = 'waiting';
    const ceilingMs = Math.min(reconnectMaxMs, reconnectBaseMs * 2 ** Math.min(this.#failures, 10));
    this.#timer = setTimeout(() => this.reconnect(), ceilingMs * (0.1 + 0.9 * Math.random()));
  }

  #sendSubscribe(subscribing: Subscribing): void {
    const { filters } = subscribing;
    this.#client?.subscribe([...filters], { qos: 1 }, (_error, _subscriptions, answer) => {
      // Without an answer it stays in the list, for the next connection.
      if (!answer) return;
      this.#subscribing = this.#subscribing.filter((other) => other !== subscribing);
      const refused = filters.filter((_, index) => answer.granted[index] === subscribeRefused);
      const granted = filters.filter((filter) => !refused.includes(filter));
      this.#granted = [...new Set([...this.#granted, ...granted])];
      if (refused.length === 0) subscribing.resolve();
      else subscribing.reject(new Error(`the broker refused ${refused.join(', ')}`));
    });
  }

  #endSubscribing(): void {
    for (const { reject } of this.#subscribing) reject(new LinkClosed('the link is closed'));
    this.#subscribing = [];
  }

  /**
   * A QoS 1 message is acknowledged once its handler resolved, but the next packet does not wait for that: a handler
   * may publish on this very link and wait for the broker. Handing mqtt.js an error is its way of not acknowledging.
   */
  #receive(client: MqttClient, packet: IPublishPacket, done: (error?: Error) => void): void {
    const { topic, payload, retain } = packet;
    const qos = packet.qos === 0 ? 0 : 1;
    let handled: void | Promise<void>;
    try {
      handled = this.#options.onMessage({ topic, ...payloadOf(payload), qos, retain });
    } catch (error) {
      handled = Promise.reject(error);
    }
    if (handled === undefined) {
      done();
      return;
    }
    done(qos === 0 ? undefined : new Error('acknowledged later'));
    handled.then(
      () => {
        if (qos === 1 && client.connected) sendPuback(client, packet);
      },
      (error: unknown) => this.#onHandlerFailed(client, topic, error),
    );
  }

  /** The broker sends what was not acknowledged when the session comes back, so the connection is dropped. */
  #onHandlerFailed(client: MqttClient, topic: string, error: unknown): void {
    this.#log.error('link.handler_failed', { topic, error: String(error) });
    this.#reason = 'a message could not be handled';
    client.stream.destroy();
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** mqtt.js keeps unanswered messages for the next connection; here they end with this one. */
function failOutstanding(client: MqttClient): void {
  const closed = new Error('the connection closed');
  for (const { cb } of Object.values(client.outgoing)) cb(closed);
  client.outgoing = {};
}

function sendPuback(client: MqttClient, packet: IPublishPacket): void {
  // The method is private in the types, but there is no other way to acknowledge later.
  // biome-ignore lint/complexity/useLiteralKeys: only this spelling reaches a private member
  client['_sendPacket']({ cmd: 'puback', messageId: packet.messageId ?? 0 });
}
