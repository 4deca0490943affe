import { join } from 'node:path';
import { startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { type BareOptions, startBarePipeline } from './bare-pipeline.ts';
import { cpuMs, serveParent } from './child.ts';

export interface BareArgument extends Omit<BareOptions, 'natsUrl' | 'databasePath'> {
  readonly dataFolder: string;
}

export interface BareReady {
  readonly origin: string;
  readonly mqttUrl: string;
}

/** The bare pipeline with a nats-server of its own, as the gateway has. */
serveParent(async ({ dataFolder, ...options }: BareArgument) => {
  const nats = await startNatsServer({ dataFolder: join(dataFolder, 'nats'), log: silentLog });
  const databasePath = join(dataFolder, 'bare.db');
  const pipeline = await startBarePipeline({ ...options, natsUrl: nats.url, databasePath });
  const ready: BareReady = { origin: pipeline.origin, mqttUrl: pipeline.mqttUrl };
  return {
    ready,
    operations: {
      cpuMs,
      async stop() {
        await pipeline.stop();
        await nats.stop();
      },
    },
  };
});
