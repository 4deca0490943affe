import type { BenchChild } from './child.ts';
import { buyPatiently, type Order, type Pipeline, type Stage } from './drive.ts';
import { benchFleet } from './fleet.ts';
import type { GatewayReady } from './gateway-child.ts';
import { connected, customerId, openBench, registerAll, startGateway } from './product.ts';

export interface StormOptions {
  readonly folder: string;
  readonly vehicles: number;
  /** Customers who buy one service after the other, without a pause. */
  readonly buyers: number;
}

/** One gateway process with platform, engine, API IoT and broker was killed and started again. */
export interface StormReport {
  readonly vehicles: number;
  readonly buyers: number;
  /** From SIGKILL, and from the moment at which the new process answers, until every vehicle was connected again. */
  readonly backMs: number;
  readonly backAfterStartMs: number;
  /** Purchases that were answered with 201 in that time, and payments captured: each for a command that a vehicle confirmed. */
  readonly accepted: number;
  readonly commandsAnswered: number;
}

const services = ['heated-seats', 'ambient-light', 'range-boost'] as const;
/** Purchases before the kill, so that work is under way. */
const warmUp = 20;
const lookEveryMs = 50;
const backMaxMs = 600_000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Kills the gateway under purchases, starts it again at the same ports, and waits for its vehicles. */
export async function measureStorm({ vehicles, buyers, ...options }: StormOptions): Promise<StormReport> {
  const parts: { stop(): Promise<void> }[] = [];
  const name = 'storm';
  try {
    const { bench, keys } = await openBench(options, vehicles, parts);
    const before = await startGateway(bench, keys, name);
    await registerAll(bench, keys, before.ready);
    const pipeline = await connected(bench, keys, name, before);
    const buying = buyAll(bench.stage, pipeline, buyers, ordersOf(vehicles));
    parts.push(buying);
    while (buying.accepted() < Math.min(warmUp, vehicles)) await pause(lookEveryMs);

    await before.kill();
    const killedAt = performance.now();
    const captured = bench.stage.ledger.last();
    const accepted = buying.accepted();
    await startGateway(bench, keys, name, portsOf(before.ready));
    const startedAt = performance.now();
    await allBack(bench.world, name, vehicles);
    const backAt = performance.now();
    return {
      ...{ vehicles, buyers },
      backMs: Math.round(backAt - killedAt),
      backAfterStartMs: Math.round(backAt - startedAt),
      accepted: buying.accepted() - accepted,
      commandsAnswered: bench.stage.ledger.capturedAfter(captured).count,
    };
  } finally {
    for (const part of parts.reverse()) await part.stop();
  }
}

const portOf = (url: string) => Number(new URL(url).port);

function portsOf({ platform, apiIot, mqttUrl }: GatewayReady) {
  return { port: portOf(platform), apiIotPort: portOf(apiIot), mqttPort: portOf(mqttUrl) };
}

function ordersOf(vehicles: number): Order[] {
  const fleet = benchFleet(vehicles);
  return services.flatMap((serviceId) =>
    fleet.map(({ vin }, index) => ({ customerId: customerId(index), vin, serviceId })),
  );
}

/** Begins at once; `stop` ends it after the purchases under way. */
function buyAll({ http }: Stage, pipeline: Pipeline, buyers: number, orders: readonly Order[]) {
  let accepted = 0;
  let isOver = false;
  const rest = orders.values();
  const buyer = async () => {
    for (const order of rest) {
      // The gateway is away and does not answer: the same purchase is sent again, with its key.
      for (let status = 0; status !== 201 && !isOver; ) {
        status = await buyPatiently(http, pipeline, order, `${order.vin}-${order.serviceId}`).then(
          (answer) => answer.status,
          () => pause(lookEveryMs).then(() => 0),
        );
        if (status === 201) accepted += 1;
      }
      if (isOver) return;
    }
  };
  const buying = Promise.all(Array.from({ length: buyers }, buyer));
  return {
    accepted: () => accepted,
    async stop() {
      isOver = true;
      await buying;
    },
  };
}

/** Rejects with the number of missing vehicles after ten minutes. */
async function allBack(world: BenchChild<unknown>, name: string, vehicles: number): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const there = await world.ask<number>('connected', { name });
    if (there === vehicles) return;
    if (performance.now() - startedAt > backMaxMs)
      throw new Error(`${vehicles - there} of ${vehicles} vehicles did not come back`);
    await pause(lookEveryMs);
  }
}
