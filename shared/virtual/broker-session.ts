import type { LinkMessage } from '../ports/device-link.ts';

/** The connection that a session has at the moment, as the broker sees it. */
export interface Carrier {
  /**
   * Brings the message to the client; `acknowledge` is called when its PUBACK arrives, `fail` when its handler failed and
   * the client will not acknowledge. It returns whether the publisher learns of the failure and sends the message again.
   */
  carry(message: LinkMessage, acknowledge: () => void, fail: () => boolean): void;
}

interface Waiting {
  readonly message: LinkMessage;
  /** Answer to a publisher that waits for the handler. */
  readonly onHandled: (() => void) | undefined;
  readonly onFailed: (() => void) | undefined;
}

/**
 * What the broker knows of one client. A QoS 1 message belongs to the session until it was acknowledged: what was under
 * way when the connection ended goes first on the next one.
 */
export interface Session {
  readonly clientId: string;
  readonly isClean: boolean;
  readonly carrier: Carrier | null;
  attach(carrier: Carrier): void;
  detach(): void;
  /** False when the oldest waiting message had to be dropped for it. */
  deliver(message: LinkMessage, onHandled?: () => void, onFailed?: () => void): boolean;
  /** A retained message: it is no part of the session, so a connection that is lost takes it along. */
  show(message: LinkMessage, onHandled: () => void): void;
  readonly waitingCount: number;
}

/** `waitingMax` bounds the QoS 1 messages that wait while the client is away. */
export function newSession(clientId: string, isClean: boolean, waitingMax: number): Session {
  let carrier: Carrier | null = null;
  let waiting: Waiting[] = [];
  const underWay = new Set<Waiting>();

  function hand(item: Waiting, by: Carrier): void {
    underWay.add(item);
    by.carry(
      item.message,
      () => {
        // Ignores an acknowledgement of a connection that is already lost.
        if (carrier !== by) return;
        underWay.delete(item);
        item.onHandled?.();
      },
      () => {
        if (item.onFailed === undefined) return false;
        underWay.delete(item);
        item.onFailed();
        return true;
      },
    );
  }

  return {
    clientId,
    isClean,
    get carrier() {
      return carrier;
    },
    attach(next) {
      carrier = next;
      const kept = waiting;
      waiting = [];
      for (const item of kept) hand(item, next);
    },
    detach() {
      carrier = null;
      // A publisher that waits for the handler does not wait for the next connection.
      for (const { onFailed } of underWay) onFailed?.();
      const unfinished = [...underWay].filter(({ message }) => message.qos === 1);
      waiting = [...unfinished.map(({ message }) => ({ message, ...alone })), ...waiting];
      underWay.clear();
    },
    deliver(message, onHandled, onFailed) {
      const item: Waiting = { message, onHandled, onFailed };
      if (carrier !== null) {
        hand(item, carrier);
        return true;
      }
      if (message.qos === 0) {
        onHandled?.();
        return true;
      }
      waiting.push({ message, ...alone });
      onHandled?.();
      if (waiting.length <= waitingMax) return true;
      waiting.shift();
      return false;
    },
    show(message, onHandled) {
      carrier?.carry(message, onHandled, () => false);
    },
    get waitingCount() {
      return waiting.length;
    },
  };
}

const alone = { onHandled: undefined, onFailed: undefined };
