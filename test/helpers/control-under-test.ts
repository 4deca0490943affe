import { silentLog } from '../../shared/ports/log.ts';
import type { FaultDesk, ObserveFaults, ServiceFaults } from '../../simulator/control/fault-desk.ts';
import { openControl, openControlKeys } from '../../simulator/live/control-server.ts';
import { type FaultWorld, withFaultWorld, worlds } from '../simulator/fleet/fault-world.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

export interface ControlWorld extends FaultWorld {
  readonly origin: string;
  readonly secret: string;
  readonly desk: FaultDesk;
  /** With the credential; the body is JSON. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

/** One vehicle over sockets, and the control of its faults over HTTP. */
export async function withControl(
  work: (world: ControlWorld) => Promise<void>,
  services: ServiceFaults | null = null,
  { isOpen = false, observe }: { isOpen?: boolean; observe?: ObserveFaults } = {},
): Promise<void> {
  await withTemporaryFolder((dataFolder) =>
    withFaultWorld(worlds.live, async (world) => {
      const { cars } = world;
      const control = await openControl({ dataFolder, log: silentLog, port: 0, isOpen });
      const desk = control.begin({ cars, services, mqttUrl: 'mqtt://127.0.0.1:1883', observe });
      const { secret } = await openControlKeys(dataFolder);
      try {
        await work({
          ...world,
          origin: control.origin,
          secret,
          desk,
          async call(method, path, body) {
            const response = await fetch(`${control.origin}${path}`, {
              method,
              headers: { authorization: `Bearer ${secret}` },
              ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            });
            const text = await response.text();
            return { status: response.status, body: text === '' ? null : JSON.parse(text) };
          },
        });
      } finally {
        await control.stop();
      }
    }),
  );
}
