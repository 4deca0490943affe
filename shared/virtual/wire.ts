import type { Clock } from '../ports/clock.ts';

export interface WireDeps {
  /** Clock of the network: a message in transit arrives even if its sender has crashed. */
  readonly clock: Clock;
  readonly latencyMs: () => number;
}

/**
 * One TCP connection with two ends: messages arrive in order, each after a latency. A closed end receives nothing more; the
 * other end learns of the close after all messages sent before it.
 */
export interface Wire {
  readonly isClientOpen: boolean;
  readonly isBrokerOpen: boolean;
  /** Client to broker. */
  up(arrive: () => void): void;
  /** Broker to client. */
  down(arrive: () => void): void;
  /** The client's end goes, and only a part of what is on its way up arrives. */
  closeClient(): void;
  /** What the broker does when it learns that the client's end went. */
  onClientGone(callback: () => void): void;
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
  let clientGone: () => void = () => {};

  function arriveAt(at: number, arrive: () => void): void {
    clock.setTimer(at - clock.now(), () => {
      if (isSilent) held.push(arrive);
      else arrive();
    });
  }

  return {
    get isClientOpen() {
      return isClientOpen;
    },
    get isBrokerOpen() {
      return isBrokerOpen;
    },
    up(arrive) {
      upAt = Math.max(upAt, clock.now() + latencyMs());
      arriveAt(upAt, () => {
        if (isBrokerOpen) arrive();
      });
    },
    down(arrive) {
      downAt = Math.max(downAt, clock.now() + latencyMs());
      arriveAt(downAt, () => {
        if (isClientOpen) arrive();
      });
    },
    closeClient() {
      isClientOpen = false;
      // It overtakes what the network had not carried yet.
      arriveAt(clock.now() + latencyMs(), () => {
        if (!isBrokerOpen) return;
        isBrokerOpen = false;
        clientGone();
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
