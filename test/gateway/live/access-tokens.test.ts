import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../gateway/config.ts';
import { accessTokens, allowedHosts } from '../../../gateway/live/access-tokens.ts';
import { startGateway } from '../../../gateway/live/gateway.ts';
import { openKeys } from '../../../gateway/live/keys.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

function configOf(flags: Readonly<Record<string, string>>) {
  const reading = readConfig(flags, {});
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return reading.config;
}

const noHttp = () => Promise.reject(new Error('nothing is asked'));

function claimsOf(iss: string, aud = 'platform') {
  const iat = Math.floor(wallClock.now() / 1_000);
  return { iss, aud, sub: 'shop', client_id: 'shop', scope: 'read', iat, exp: iat + 60, jti: 'tok_1' };
}

describe('tokens of two platforms on one data folder', () => {
  it('are valid at each other without a public URL, and not those of another folder', () =>
    withTemporaryFolder((folder) =>
      withTemporaryFolder(async (other) => {
        const config = configOf({});
        const deps = { config, keys: await openKeys(folder), http: noHttp };
        const first = await accessTokens(deps, { issuer: 'http://127.0.0.1:8080', acceptsOwnKeyAlone: true });
        const second = await accessTokens(deps, {
          issuer: 'http://127.0.0.1:8090',
          acceptsOwnKeyAlone: true,
        });
        const strange = await accessTokens(
          { ...deps, keys: await openKeys(other) },
          { issuer: 'http://127.0.0.1:8080', acceptsOwnKeyAlone: true },
        );
        const token = await first.sign(claimsOf('http://127.0.0.1:8080'));
        expect(await second.verify(token, { audience: 'platform' })).toMatchObject({ ok: true });
        expect(await strange.verify(token, { audience: 'platform' })).toEqual({
          ok: false,
          reason: 'signature',
        });
        // The API IoT signs with the same key, for itself.
        const forApiIot = await first.sign(claimsOf('http://127.0.0.1:8081', 'http://127.0.0.1:8081'));
        expect(await second.verify(forApiIot, { audience: 'platform' })).toEqual({
          ok: false,
          reason: 'audience',
        });
      }),
    ));

  it('have one issuer with a public URL, and no other is accepted', () =>
    withTemporaryFolder(async (folder) => {
      const deps = { config: configOf({}), keys: await openKeys(folder), http: noHttp };
      const one = { issuer: 'https://caas.example', acceptsOwnKeyAlone: false };
      const [first, second] = [await accessTokens(deps, one), await accessTokens(deps, one)];
      const token = await first.sign(claimsOf('https://caas.example'));
      expect(await second.verify(token, { audience: 'platform' })).toMatchObject({ ok: true });
      const other = await first.sign(claimsOf('http://127.0.0.1:8080'));
      expect(await second.verify(other, { audience: 'platform' })).toEqual({ ok: false, reason: 'issuer' });
    }));
});

it('lets the servers answer under the hosts of the public URLs and those that are named', () => {
  const config = configOf({
    publicUrl: 'https://caas.example/api',
    apiIotPublicUrl: 'https://iot.example:8443',
    allowedHosts: 'internal.example',
  });
  expect(allowedHosts(config)).toEqual(['internal.example', 'caas.example', 'iot.example']);
});

it('does not start a gateway of which nothing would run', async () => {
  const config = { ...configOf({ apiIotUrl: 'http://127.0.0.1:1' }), roles: ['api-iot'] as const };
  await expect(startGateway({ config, log: silentLog })).rejects.toThrow(
    '--roles api-iot: nothing would run here, because API_IOT_URL names an API IoT elsewhere: leave it out, or name platform or engine',
  );
});
