import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { GatewayConfig } from '../../gateway/config.ts';
import { Address } from '../../shared/protocol/address.ts';
import type { Launch } from '../../simulator/live/gateway-handle.ts';
import type { GatewayProcess } from '../../simulator/live/gateway-process.ts';
import { gatewayProcess, handleOf } from '../chaos/gateway-process.ts';
import { freshConfig } from '../chaos/run.ts';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { startMosquitto } from '../helpers/mosquitto.ts';
import { startNatsCluster } from '../helpers/nats-cluster.ts';
import { type PostgresServer, startPostgresServer } from '../helpers/postgres.ts';
import { until } from '../helpers/until.ts';

/** A part of the cluster that can be ended and started again. */
export interface Part {
  readonly name: string;
  end(): Promise<void>;
  start(): Promise<void>;
}

/** PostgreSQL, Mosquitto, three NATS servers, and two each of platform, engine and API IoT, as processes of this machine. */
export interface Cluster {
  readonly config: GatewayConfig;
  readonly launch: Launch;
  /** One of each kind, once it has been launched. */
  parts(): readonly Part[];
  stop(): Promise<void>;
}

/** PostgreSQL runs as a user without rights: its folder must not lie in one that is ours alone. `apiIots` is the number of API IoT processes. */
export async function startCluster(
  { folder, postgresFolder }: { readonly folder: string; readonly postgresFolder: string },
  apiIots = 2,
): Promise<Cluster> {
  const folderOf = (name: string) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const postgres = await startPostgresServer(postgresFolder);
  const nats = await startNatsCluster(folderOf('nats'));
  const mosquittoFolder = folderOf('mosquitto');
  let mosquitto = await startMosquitto(mosquittoFolder);
  const port = await freePort();
  const apiIotPort = await freePort();
  const config: GatewayConfig = {
    ...(await freshConfig(folder)),
    databaseUrl: await newDatabase(postgres, 'platform'),
    apiIotDatabaseUrl: await newDatabase(postgres, 'api_iot'),
    mqttUrl: new Address(mosquitto.url),
    ...{ natsUrl: new Address(nats.url), natsReplicas: 3, natsMaxBytes: 50_000_000 },
    ...{ publicUrl: `http://127.0.0.1:${port}`, apiIotPublicUrl: `http://127.0.0.1:${apiIotPort}` },
  };
  const processes: GatewayProcess[] = [];
  const launch: Launch = async ({ config: ofRun }) => {
    const at = (roles: GatewayConfig['roles'], rest: Partial<GatewayConfig>) =>
      gatewayProcess({ ...ofRun, roles, ...rest });
    const ports = await Promise.all(Array.from({ length: apiIots + 4 }, freePort));
    const [p1 = 0, p2 = 0, e1 = 0, e2 = 0, ...iotPorts] = ports;
    const apiIot = await startBalancer(apiIotPort, iotPorts);
    const platform = await startBalancer(port, [p1, p2]);
    const shards = await Promise.all(
      iotPorts.map((iotPort, index) =>
        at(['api-iot'], { apiIotPort: iotPort, apiIotShard: `${index + 1}/${apiIots}` }),
      ),
    );
    const apiIotUrl = apiIot.origin;
    const others = await Promise.all([
      at(['platform'], { port: p1, apiIotUrl }),
      at(['platform'], { port: p2, apiIotUrl }),
      at(['engine'], { port: e1, apiIotUrl }),
      at(['engine'], { port: e2, apiIotUrl }),
    ]);
    processes.push(...others, ...shards);
    const [first, second, ...engines] = others;
    const handle = handleOf(ofRun, {
      platform: first as GatewayProcess,
      apiIot: shards[0] as GatewayProcess,
      others: [...engines, second as GatewayProcess, ...shards.slice(1)],
    });
    return {
      ...handle,
      ...{ platform: platform.origin, apiIot: apiIot.origin, mqttUrl: mosquitto.url },
      async stop() {
        await handle.stop();
        await platform.stop();
        await apiIot.stop();
      },
    };
  };
  return {
    ...{ config, launch },
    parts() {
      const process = (name: string, index: number): Part => {
        const one = processes[index] as GatewayProcess;
        return { name, end: () => one.kill(), start: () => one.start() };
      };
      const [natsPort = 0] = nats.ports;
      return [
        process('platform 1', 0),
        process('engine 1', 2),
        process('API IoT 1', 4),
        { name: 'NATS server 1', end: () => nats.kill(natsPort), start: async () => nats.start(natsPort) },
        { name: 'PostgreSQL', end: () => postgres.kill(), start: () => postgres.start() },
        {
          name: 'Mosquitto',
          end: () => mosquitto.stop(),
          async start() {
            mosquitto = await startMosquitto(mosquittoFolder, mosquitto.port);
          },
        },
        process('API IoT 2', 5),
      ];
    },
    async stop() {
      await mosquitto.stop();
      await nats.stop();
      await postgres.stop();
    },
  };
}

async function newDatabase(postgres: PostgresServer, name: string): Promise<Address> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return new Address(postgres.url.replace(/\/[^/]*$/, `/${name}`));
}

/** A process that spreads the connections to `port` over other ports. */
async function startBalancer(port: number, targets: readonly number[]) {
  const child = startChild(process.execPath, [
    'test/cluster/balancer.mjs',
    ...[port, ...targets].map(String),
  ]);
  await until(() => {
    if (child.process.exitCode !== null) throw new Error(`the balancer ended: ${child.output()}`);
    return child.output().includes('listening');
  }, 'the balancer listens');
  return { origin: `http://127.0.0.1:${port}`, stop: () => child.stop() };
}
