import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../../shared/ports/log.ts';
import { Address } from '../../../shared/protocol/address.ts';
import { openFleetNats } from '../../../simulator/live/fleet-nats.ts';
import { testConfig } from '../../helpers/running-platform.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const withPlace = (work: (file: string, open: (url?: string) => Promise<string | null>) => Promise<void>) =>
  withTemporaryFolder((data) =>
    work(join(data, 'fleet-nats.json'), async (url) => {
      const config = testConfig({ data, natsUrl: url === undefined ? null : new Address(url) });
      const given = { access: null, mayStart: true, hasTelemetry: false };
      const nats = await openFleetNats({ config, ...given, ownsFolder: url !== fleetBeside, log: silentLog });
      await nats?.stop();
      return nats?.file ?? null;
    }),
  );

/** No server listens there. */
const elsewhere = 'nats://127.0.0.1:1';
/** As `fleetwake fleet` in the folder of a `fleetwake up`. */
const fleetBeside = 'nats://127.0.0.1:2';

test('the file with the password is private, also where one is that others can read', () =>
  withPlace(async (file, open) => {
    writeFileSync(file, '{}');
    chmodSync(file, 0o644);
    expect(await open()).toBe(file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ user: 'fleet-client' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }));

test('the file of an earlier start goes when the NATS has users of its own, and not with a fleet beside it', () =>
  withPlace(async (file, open) => {
    writeFileSync(file, '{}');
    expect([await open(fleetBeside), existsSync(file)]).toEqual([null, true]);
    expect([await open(elsewhere), existsSync(file)]).toEqual([null, false]);
  }));
