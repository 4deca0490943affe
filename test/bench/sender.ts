import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serveParent } from './child.ts';
import type { Order } from './drive.ts';
import { orderBody } from './order-body.ts';

/** What is sent, and how fast. */
export interface FloodRequest {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly orders: readonly Order[];
  readonly perSecond: number;
  readonly forMs: number;
}

export interface Sent {
  /** 0: no answer. */
  readonly status: number;
  /** From the moment at which it had a connection until its answer was there. */
  readonly tookMs: number;
}

export interface Flood {
  readonly sent: readonly Sent[];
  /** By how much the sender's own timers were late, at the 99th percentile: so much of a time may be its own. */
  readonly senderLateP99Ms: number;
}

const tickMs = 20;
const answerMaxMs = 30_000;
/** A request that finds none waits for one here, and that is no time of the gateway's. */
const connections = 512;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Sends purchases at a rate, whether they are answered or not, from a process that does nothing else. What was refused is another's next try. */
async function flood({ origin, headers, orders, perSecond, forMs }: FloodRequest): Promise<Flood> {
  const { hostname, port } = new URL(origin);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const rest = [...orders];
  const lateness = monitorEventLoopDelay({ resolution: tickMs });
  lateness.enable();

  const send = (order: Order, key: string) =>
    new Promise<Sent>((resolve) => {
      let writtenAt = performance.now();
      const finish = (status: number) => resolve({ status, tookMs: performance.now() - writtenAt });
      const outgoing = request({
        ...{ agent, hostname, port, method: 'POST', path: '/purchases', timeout: answerMaxMs },
        headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
      });
      outgoing.once('socket', () => {
        writtenAt = performance.now();
      });
      outgoing.once('timeout', () => outgoing.destroy());
      outgoing.once('error', () => finish(0));
      outgoing.once('response', (incoming) => {
        incoming.resume();
        const status = incoming.statusCode ?? 0;
        if (status === 503) rest.push(order);
        incoming.once('end', () => finish(status));
        incoming.once('error', () => finish(0));
      });
      outgoing.end(orderBody(order));
    });

  const requests: Promise<Sent>[] = [];
  const startedAt = performance.now();
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs = performance.now() - startedAt) {
    const due = Math.floor((perSecond * elapsedMs) / 1_000);
    while (requests.length < due) {
      const order = rest.shift();
      if (order === undefined) break;
      requests.push(send(order, `flood-${requests.length}`));
    }
    await pause(tickMs);
  }
  const sent = await Promise.all(requests);
  lateness.disable();
  agent.destroy();
  const lateMs = Math.max(0, lateness.percentile(99) / 1_000_000 - tickMs);
  return { sent, senderLateP99Ms: Math.round(lateMs) };
}

/** The sender of the overload, in a process of its own. */
serveParent(async () => ({ ready: true, operations: { flood, stop: async () => {} } }));
