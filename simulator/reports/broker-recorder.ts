import type { Clock } from '../../shared/ports/clock.ts';
import type { DeviceLink } from '../../shared/ports/device-link.ts';
import type { BrokerMessage } from './evidence.ts';

export interface BrokerRecorder {
  /** What passed so far, in the broker's order; telemetry is left out. */
  readonly messages: readonly BrokerMessage[];
  /** Messages that came after the limit was reached, and were not kept. */
  dropped(): number;
  close(): Promise<void>;
}

/** Enough for 100,000 vehicles that each get and answer a few commands. */
const keptMax = 1_000_000;

/**
 * A witness at the broker: listens with an account of its own to commands, results and states. Resolves once it hears;
 * start it before the first vehicle.
 */
export function recordBroker(
  deps: { readonly link: DeviceLink; readonly clock: Clock },
  account: { readonly clientId: string; readonly username: string; readonly password: string },
): Promise<BrokerRecorder> {
  const messages: BrokerMessage[] = [];
  let dropped = 0;
  return new Promise((resolve, reject) => {
    const connection = deps.link.open({
      ...account,
      cleanSession: true,
      keepAliveSeconds: 60,
      onMessage: ({ topic, payload }) => {
        if (messages.length < keptMax) messages.push({ at: deps.clock.now(), topic, payload });
        else dropped += 1;
      },
      onConnect: () => {
        connection
          .subscribe(['vehicles/+/cmd/configure', 'vehicles/+/evt/result', 'vehicles/+/evt/status'])
          .then(() => resolve({ messages, dropped: () => dropped, close: () => connection.close() }), reject);
      },
    });
  });
}
