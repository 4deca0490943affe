import { memoryBroker } from '../memory/bus.ts';
import { type Bus, BusUnavailable, type Delivery } from '../ports/bus.ts';
import { type LogFields, silentLog } from '../ports/log.ts';
import { streams } from '../protocol/subjects.ts';
import type { VirtualLoop } from './loop.ts';
import type { VirtualProcess } from './process.ts';

/** What happens to one publish. */
export type PublishFault =
  /** The server cannot be reached. */
  | { readonly kind: 'refused' }
  /** The message is stored, and its acknowledgement to the publisher is lost. */
  | { readonly kind: 'answer_lost' };

export interface VirtualStream {
  /** Bus of one process. It ends with the process; unacknowledged messages are delivered again after the acknowledgement time. */
  connect(process: VirtualProcess): Bus;
  /** Loses all messages and consumers. */
  wipe(): void;
  /** While down, publishes fail, nothing is delivered and no answer is heard; what was due then comes after the acknowledgement time. */
  setDown(isDown: boolean): void;
  /** Subjects of the wake-ups that are stored and not acknowledged, oldest first. */
  wakeUps(): readonly string[];
  /** Asked before every publish. Replaces the hook before it. */
  onPublish(hook: (publication: Publication) => PublishFault | null): void;
}

export interface Publication {
  readonly from: string;
  readonly subject: string;
  readonly payload: string;
  readonly messageId: string | undefined;
}

export interface VirtualStreamDeps {
  readonly loop: VirtualLoop;
  readonly record?: (process: string, event: string, fields?: LogFields) => void;
}

/** Stream server of the virtual environment: the bus in memory, with processes that crash and a server that may be down. */
export function virtualStream({ loop, record = () => {} }: VirtualStreamDeps): VirtualStream {
  const broker = memoryBroker({ clock: loop.clock('nats'), log: silentLog });
  let isDown = false;
  let hook: ((publication: Publication) => PublishFault | null) | null = null;

  async function publish(bus: Bus, from: string, ...[subject, payload, options]: Parameters<Bus['publish']>) {
    const messageId = options?.messageId;
    const fault: PublishFault | null = isDown
      ? { kind: 'refused' }
      : (hook?.({ from, subject, payload, messageId }) ?? null);
    record('nats', 'bus.publish', {
      from,
      subject,
      ...(messageId ? { messageId } : {}),
      fault: fault?.kind ?? null,
    });
    if (fault?.kind === 'refused') throw new BusUnavailable('the bus cannot be reached');
    await bus.publish(subject, payload, options);
    if (fault?.kind === 'answer_lost') throw new BusUnavailable('no acknowledgement came');
  }

  function heardUnlessDown(delivery: Delivery): Delivery {
    return {
      ...delivery,
      ack: () => void (isDown || delivery.ack()),
      nak: (delayMs) => void (isDown || delivery.nak(delayMs)),
    };
  }

  return {
    connect(process) {
      const bus = broker.connect();
      process.onEnd(() => void bus.close());
      return {
        publish: (subject, payload, options) =>
          process.call(`publish ${subject}`, () => publish(bus, process.name, subject, payload, options)),
        consume: (options, handle) =>
          bus.consume(options, async (delivery) => {
            // What a server that is away would have delivered, and what came too late for the dead, comes after the acknowledgement time.
            if (isDown || !process.isAlive) return;
            const done = loop.openWork(`handles ${delivery.subject}`, process);
            try {
              await handle(heardUnlessDown(delivery));
            } finally {
              done();
            }
          }),
        problem: () => (isDown ? 'the bus cannot be reached' : null),
        close: () => bus.close(),
      };
    },
    wipe: () => broker.wipe(),
    wakeUps: () => broker.stored(streams.wakeUps.name),
    setDown(value) {
      isDown = value;
    },
    onPublish(asked) {
      hook = asked;
    },
  };
}
