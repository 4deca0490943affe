import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface NatsCluster {
  /** All members, as `NATS_URL` lists them. */
  readonly url: string;
  readonly ports: readonly number[];
  /** Kills the member with this port. */
  kill(port: number): Promise<void>;
  /** Starts it again on its data. */
  start(port: number): void;
  stop(): Promise<void>;
}

/** A JetStream cluster named `fleet` of three servers, tagged `n0` to `n2`, whose account requires a limit for each stream. */
export async function startNatsCluster(folder: string): Promise<NatsCluster> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const routePorts = [await freePort(), await freePort(), await freePort()];
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const members = new Map<number, Child>();
  const start = (port: number) => {
    const data = join(folder, `n${ports.indexOf(port)}`);
    members.set(port, startChild('/usr/sbin/nats-server', ['--config', join(data, 'nats.conf')], data));
  };
  for (const [index, port] of ports.entries()) {
    const data = join(folder, `n${index}`);
    mkdirSync(data);
    const configuration = join(data, 'nats.conf');
    writeFileSync(
      configuration,
      `listen: "127.0.0.1:${port}"
server_name: n${index}
server_tags: ["n${index}"]
jetstream { store_dir: "${data}", max_file_store: 1GB, max_memory_store: 64MB }
cluster { name: fleet, listen: "127.0.0.1:${routePorts[index]}", routes: [${routes}] }
accounts {
  APP { jetstream { max_file: 512MB, max_mem: 32MB, max_bytes_required: true }, users: [{ user: fw, password: "p@ss" }] }
  SYS { users: [{ user: sys, password: sys }] }
}
system_account: SYS
`,
    );
    start(port);
  }
  await until(() => {
    const outputs = [...members.values()].map((child) => child.output());
    const ended = [...members.values()].find(({ process }) => process.exitCode !== null);
    if (ended) throw new Error(`nats-server ended: ${ended.output()}`);
    return outputs.some(
      (text) => text.includes('new metadata leader') || text.includes('JetStream cluster new'),
    );
  }, 'the JetStream cluster has a leader');
  return {
    url: ports.map((port) => `nats://fw:p%40ss@127.0.0.1:${port}`).join(', '),
    ports,
    kill: async (port) => members.get(port)?.stop('SIGKILL'),
    start,
    async stop() {
      await Promise.all([...members.values()].map((child) => child.stop('SIGKILL')));
    },
  };
}
