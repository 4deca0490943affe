/**
 * The MQTT 3.1.1 broker as its clients see it: QoS 1, retained messages, last will, session resume.
 * The API IoT and every vehicle hold one connection each.
 */
export interface DeviceLink {
  /** Starts connecting and keeps reconnecting until closed; never throws for a broker that is away. */
  open(options: LinkOptions): LinkConnection;
}

export interface LinkOptions {
  /** At most 65 characters, unique per broker: a second connection with the same id replaces the first. */
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  /** False keeps the session: subscriptions stay and QoS 1 messages wait while the client is away. */
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  /** Published by the broker when the connection ends without a DISCONNECT. */
  readonly will?: LinkMessage;
  /**
   * Called once a delivery; QoS 1 duplicates are normal. Where the implementation can, the broker's message is acknowledged
   * after it resolved.
   */
  readonly onMessage: (message: LinkMessage) => void | Promise<void>;
  /** `sessionPresent` tells whether the broker still knew the session (then subscriptions stand). */
  readonly onConnect?: (state: { sessionPresent: boolean }) => void;
  readonly onDisconnect?: (reason: string) => void;
}

export interface LinkMessage {
  readonly topic: string;
  readonly payload: string;
  /** False for a payload that is not UTF-8; `payload` then shows what could be read, and the receiver of messages refuses it. */
  readonly isUtf8?: false;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export interface LinkConnection {
  readonly connected: boolean;
  /**
   * QoS 1: resolves when the broker has taken the message, and rejects with `LinkClosed` when the connection
   * dropped first: then it may or may not have been taken. QoS 0: resolves when it was handed to the network.
   */
  publish(message: LinkMessage): Promise<void>;
  /** Filters with `+` and `#`; resolves when the broker answered. */
  subscribe(filters: readonly string[]): Promise<void>;
  /** Cuts the connection without a DISCONNECT (the will is published) and stays away until `reconnect`. */
  cut(): void;
  reconnect(): void;
  /**
   * Disconnects (no will) once open requests are answered, which may take two seconds, and ends for good;
   * `onDisconnect` is not called.
   */
  close(): Promise<void>;
}

/** The connection dropped before the broker acknowledged. Retryable; the message may have been taken. */
export class LinkClosed extends Error {
  override readonly name = 'LinkClosed';
}
