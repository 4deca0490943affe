import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { readConfig } from '../../gateway/config.ts';
import { natsAccessOf } from '../../gateway/live/nats-access.ts';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { openNatsMessenger } from '../../shared/live/nats-messenger.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { startChild } from '../helpers/child.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { selfSigned } from '../simulator/stand-ins/self-signed-certificate.ts';

interface NatsWithAccess {
  /** Of the server's configuration. */
  readonly configuration: string;
  readonly protocol?: 'tls';
  readonly right: Readonly<Record<string, string>>;
  /** The server refuses it. */
  readonly wrong: Readonly<Record<string, string>>;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A JWT of NATS, signed by a key of its issuer. */
function jwtOf(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, name: string, nats: object): string {
  const encoded = (value: object | Uint8Array) =>
    Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString('base64url');
  const claims = { iss: issuer.getPublicKey(), sub: subject.getPublicKey(), iat: 1_700_000_000, name, nats };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const signed = `${encoded({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encoded({ ...claims, jti })}`;
  return `${signed}.${encoded(issuer.sign(new TextEncoder().encode(signed)))}`;
}

const unlimited = { subs: -1, data: -1, payload: -1 };

function credentials(folder: string): NatsWithAccess {
  const [operator, user] = [nkeys.createOperator(), nkeys.createUser()];
  const [account, system] = [nkeys.createAccount(), nkeys.createAccount()];
  const limits = {
    ...{ ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
    ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
  };
  const operatorJwt = jwtOf(operator, operator, 'o', { type: 'operator', version: 2 });
  const accountJwt = (of: nkeys.KeyPair) =>
    jwtOf(operator, of, 'a', {
      type: 'account',
      version: 2,
      limits: of === system ? { ...limits, mem_storage: 0, disk_storage: 0 } : limits,
    });
  const creds = (issuer: nkeys.KeyPair) => `-----BEGIN NATS USER JWT-----
${jwtOf(issuer, user, 'u', { type: 'user', version: 2, ...unlimited })}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${text(user.getSeed())}
------END USER NKEY SEED------
`;
  writeFileSync(join(folder, 'right.creds'), creds(account));
  writeFileSync(join(folder, 'wrong.creds'), creds(nkeys.createAccount()));
  return {
    configuration: `operator: "${operatorJwt}"
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: { ${account.getPublicKey()}: "${accountJwt(account)}", ${system.getPublicKey()}: "${accountJwt(system)}" }`,
    right: { NATS_CREDS: join(folder, 'right.creds') },
    wrong: { NATS_CREDS: join(folder, 'wrong.creds') },
  };
}

function nkey(folder: string): NatsWithAccess {
  const user = nkeys.createUser();
  writeFileSync(join(folder, 'right.nk'), `${text(user.getSeed())}\n`);
  writeFileSync(join(folder, 'wrong.nk'), text(nkeys.createUser().getSeed()));
  return {
    configuration: `authorization { users: [{ nkey: "${user.getPublicKey()}" }] }`,
    right: { NATS_NKEY: join(folder, 'right.nk') },
    wrong: { NATS_NKEY: join(folder, 'wrong.nk') },
  };
}

function password(): NatsWithAccess {
  return {
    configuration: 'authorization { users: [{ user: "ana", password: "p@ss" }] }',
    right: { NATS_USER: 'ana', NATS_PASSWORD: 'p@ss' },
    wrong: { NATS_USER: 'ana', NATS_PASSWORD: 'other' },
  };
}

function certificate(folder: string): NatsWithAccess {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, selfSigned.cert);
  writeFileSync(key, selfSigned.key);
  return {
    configuration: `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${cert}", verify: true }`,
    protocol: 'tls',
    right: { NATS_CA: cert, NATS_CERT: cert, NATS_KEY: key },
    // The server's certificate is of an authority that the system does not know.
    wrong: { NATS_CERT: cert, NATS_KEY: key },
  };
}

test.each([
  ['user and password', password],
  ['a credentials file', credentials],
  ['the seed of an NKEY', nkey],
  ['a client certificate and the authority of the server', certificate],
])('gateway and fleet are let in by %s, and not by a wrong one', (_, make) =>
  withTemporaryFolder(async (folder) => {
    const { configuration, protocol = 'nats', right, wrong } = make(folder);
    const port = await freePort();
    const file = join(folder, 'nats.conf');
    writeFileSync(
      file,
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${folder}" }\n${configuration}\n`,
    );
    const child = startChild('/usr/sbin/nats-server', ['--config', file], folder);
    try {
      await until(() => {
        if (child.process.exitCode !== null) throw new Error(child.output());
        return child.output().includes('Server is ready');
      }, 'the server listens');
      const addressOf = (access: Readonly<Record<string, string>>) => {
        const read = readConfig({}, { NATS_URL: `${protocol}://localhost:${port}`, ...access });
        if ('faults' in read) throw new Error(read.faults.join());
        return { ...natsAccessOf(read.config), url: read.config.natsUrl?.reveal() ?? '', log: silentLog };
      };
      const bus = await openNatsBus(addressOf(right));
      await bus.publish('fleetwake.events.x', 'y');
      await bus.close();
      const messenger = await openNatsMessenger(addressOf(right));
      expect(messenger.publish('x', 'y')).toBe(true);
      await messenger.close();
      const refused = await openNatsMessenger(addressOf(wrong));
      expect(refused.publish('x', 'y')).toBe(false);
      expect(refused.problem()).toMatch(/^NATS at (nats|tls):\/\/localhost:\d+ cannot be used: /);
      await refused.close();
    } finally {
      await child.stop('SIGKILL');
    }
  }),
);

test.each([
  [{ NATS_USER: 'a' }, '--nats-user and --nats-password must be given together'],
  [{ NATS_PASSWORD: 'a' }, '--nats-user and --nats-password must be given together'],
  [{ NATS_CERT: 'a' }, '--nats-cert and --nats-key must be given together'],
  [{ NATS_KEY: 'a' }, '--nats-cert and --nats-key must be given together'],
  [
    { NATS_CREDS: 'a', NATS_NKEY: 'b' },
    '--nats-user, --nats-creds and --nats-nkey exclude each other: give one of them',
  ],
])('%o is refused with a sentence', (environment, fault) => {
  expect(readConfig({}, environment)).toEqual({ faults: [fault] });
});
