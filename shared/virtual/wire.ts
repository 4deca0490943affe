import type { Clock } from '../ports/clock.ts';

export interface WireDeps {
  /** The network's own: what is on its way arrives, whatever becomes of its sender. */
  readonly clock: Clock;
  readonly latencyMs: () => number;
}

/**
 * One TCP connection as its two ends see it: in order each way, each message after some latency. An end that is closed
 * hears nothing any more; the other end learns of it when the news arrives, after whatever was sent before.
 */
export interface Wire {
  readonly isClientOpen: boolean;
  readonly isBrokerOpen: boolean;
  /** Client to broker. */
  up(arrive: () => void): void;
  /** Broker to client. */
  down(arrive: () => void): void;
  /** The client's end goes. Of what is on its way up only a part arrives when it was cut; after a goodbye all. */
  closeClient(how: 'goodbye' | 'cut'): void;
  /** What the broker does when it learns that the client's end went. */
  onClientGone(callback: (how: 'goodbye' | 'cut') => void): void;
  /** The broker's end goes; `onClient` unless the client's end went first. */
  closeBroker(onClient: () => void): void;
  /** Nothing passes either way, nor is lost, until it is lifted: as when a radio link fades. */
  setSilent(isSilent: boolean): void;
}

export function newWire({ clock, latencyMs }: WireDeps): Wire {
  const held: (() => void)[] = [];
  let isClientOpen = true;
  let isBrokerOpen = true;
  let isSilent = false;
  let upAt = 0;
  let downAt = 0;
  let clientGone: (how: 'goodbye' | 'cut') => void = () => {};

  function arriveAt(at: number, arrive: () => void): void {
    clock.setTimer(at - clock.now(), () => {
      if (isSilent) held.push(arrive);
      else arrive();
    });
  }

  function nextUpAt(): number {
    upAt = Math.max(upAt, clock.now() + latencyMs());
    return upAt;
  }

  return {
    get isClientOpen() {
      return isClientOpen;
    },
    get isBrokerOpen() {
      return isBrokerOpen;
    },
    up(arrive) {
      arriveAt(nextUpAt(), () => {
        if (isBrokerOpen) arrive();
      });
    },
    down(arrive) {
      downAt = Math.max(downAt, clock.now() + latencyMs());
      arriveAt(downAt, () => {
        if (isClientOpen) arrive();
      });
    },
    closeClient(how) {
      isClientOpen = false;
      // A cut overtakes what the network had not carried yet.
      const at = how === 'goodbye' ? nextUpAt() : clock.now() + latencyMs();
      arriveAt(at, () => {
        if (!isBrokerOpen) return;
        isBrokerOpen = false;
        clientGone(how);
      });
    },
    onClientGone(callback) {
      clientGone = callback;
    },
    closeBroker(onClient) {
      isBrokerOpen = false;
      downAt = Math.max(downAt, clock.now() + latencyMs());
      arriveAt(downAt, () => {
        if (!isClientOpen) return;
        isClientOpen = false;
        onClient();
      });
    },
    setSilent(value) {
      isSilent = value;
      if (!value) for (const arrive of held.splice(0)) arrive();
    },
  };
}
