import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a Mosquitto on 127.0.0.1 that accepts every client, with its files in `folder`. `port` 0 takes a free one. */
export async function startMosquitto(folder: string, wantedPort = 0): Promise<Mosquitto> {
  const port = wantedPort || (await freePort());
  const configuration = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'user root',
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const child: Child = startChild('/usr/sbin/mosquitto', ['-c', configuration]);
  await until(() => {
    if (child.process.exitCode !== null) throw new Error(`mosquitto ended: ${child.output()}`);
    return child.output().includes(' running');
  }, `mosquitto listens on ${port}`);
  return { url: `mqtt://127.0.0.1:${port}`, port, stop: () => child.stop() };
}
