import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readConfig, secretsOf } from '../../../gateway/config.ts';
import { Address, givenText, maskedAddress, maskedIn, maskedText } from '../../../shared/protocol/address.ts';

const environments = {
  DATABASE_URL: 'postgres://u:s3cret@db:5432/x?password=s3cret',
  NATS_URL: 'nats://u:s3cret@a:1, nats://u:s3cret@b:2 , c:3',
  MQTT_URL: 'mqtt://u:s3cret@broker:1883',
  SMTP_URL: 'smtps://u:s3cret@mail:465',
  TICKET_WEBHOOK_URL: 'https://hooks.example/services/s3cret?token=s3cret',
};
const webhook = { TICKET_WEBHOOK_SECRET: `whsec_${'A'.repeat(32)}` };

describe('an address with credentials', () => {
  it('is shown without them as a text, in JSON and by inspect, and revealed whole', () => {
    const read = readConfig({}, { ...environments, ...webhook });
    if ('faults' in read) throw new Error(read.faults.join());
    const { databaseUrl, natsUrl, mqttUrl, smtpUrl, ticketWebhookUrl } = read.config;
    const addresses = { databaseUrl, natsUrl, mqttUrl, smtpUrl, ticketWebhookUrl };
    const shown = {
      databaseUrl: 'postgres://db:5432/x',
      natsUrl: 'nats://a:1,nats://b:2,nats://c:3',
      mqttUrl: 'mqtt://broker:1883',
      smtpUrl: 'smtps://mail:465',
      ticketWebhookUrl: 'https://hooks.example/…',
    };
    expect(JSON.parse(JSON.stringify(addresses))).toEqual(shown);
    expect(Object.values(addresses).map(String)).toEqual(Object.values(shown));
    expect(inspect(addresses)).not.toContain('s3cret');
    expect(natsUrl?.reveal()).toBe('nats://u:s3cret@a:1,nats://u:s3cret@b:2,nats://c:3');
    expect(new Address('mqtt://u%40x:p%2F1@h').credentials()).toEqual({ username: 'u@x', password: 'p/1' });
    expect(new Address('mqtt://h').credentials()).toBe(null);
  });

  it('is masked in an error about a request to it', () => {
    const url = 'https://push.example/send/s3cret?token=s3cret';
    expect(maskedIn(`POST ${url}: ECONNREFUSED`, url)).toBe('POST https://push.example/…: ECONNREFUSED');
    expect(maskedIn('POST https://push.example/send/s3cret: reset', url)).toBe(
      'POST https://push.example/…: reset',
    );
    expect(maskedAddress('http://127.0.0.1:8080/')).toBe('http://127.0.0.1:8080');
  });
});

describe('a query or a fragment', () => {
  const jwks = { TRUSTED_ISSUER: 'https://id.example', TRUSTED_JWKS: 'https://id.example/keys?token=s3cret' };
  it.each([
    ['API_IOT_URL', '--api-iot-url'],
    ['PAYMENTS_URL', '--payments-url'],
    ['FLEETWAKE_PUBLIC_URL', '--public-url'],
    ['API_IOT_PUBLIC_URL', '--api-iot-public-url'],
    ['FLEETWAKE_WEB_URL', '--web-url'],
    ['TRUSTED_ISSUER', '--trusted-issuer'],
  ])('is refused in %s, which paths are added to', (name, flag) => {
    const fragments = name === 'FLEETWAKE_WEB_URL' ? [] : ['https://h/x#s3cret'];
    for (const text of ['https://h/x?token=s3cret', 'https://h?s3cret', ...fragments]) {
      const read = readConfig({}, { ...jwks, [name]: text });
      const sentence = 'must hold no query and no fragment: paths are added to it';
      expect('faults' in read && read.faults[0]).toBe(`${flag} (${name}) ${sentence}`);
    }
  });

  it('ends the URL of a web platform whose router has its paths in the fragment', () => {
    const read = readConfig({}, { FLEETWAKE_WEB_URL: 'https://shop.example/#' });
    expect('config' in read && read.config.webUrl).toBe('https://shop.example/#');
  });

  it('is used and never shown in the address of public keys, in databases and brokers', () => {
    const read = readConfig({}, jwks);
    if ('faults' in read) throw new Error(read.faults.join());
    const { trustedJwks } = read.config;
    expect([trustedJwks?.reveal(), String(trustedJwks), trustedJwks?.withPath()]).toEqual([
      jwks.TRUSTED_JWKS,
      'https://id.example/…',
      'https://id.example/keys?…',
    ]);
    expect(secretsOf(read.config)).toEqual(['s3cret']);
    const database = new Address('postgres://u:p%2Fw@db/x?sslmode=require&password=s3cret');
    expect(database.secrets()).toEqual(['p/w', 's3cret']);
  });
});

describe('a text with URLs in it', () => {
  it.each([
    ['GET https://h/x?token=s3cret: reset', 'GET https://h/x?… reset'],
    ['see https://h/x#s3cret, then go on', 'see https://h/x#… then go on'],
    ['{"a":"//","b":"x@y"}', '{"a":"//","b":"x@y"}'],
    [
      '{"url":"https://u:s3cret@h/x?t=s3cret","b":"\\"http://h/?s3cret\\""}',
      '{"url":"https://***@h/x?…","b":"\\"http://h/?…\\""}',
    ],
  ])('is shown without their credentials, queries and fragments: %s', (text, shown) => {
    expect(maskedText(text)).toBe(shown);
  });

  it.each([
    ['1e9', '"1e9"'],
    ['http://127.0.0.1', '"http://127.0.0.1"'],
    ['http://h/?s3cret', '"***"'],
    ['sk_test_s3cret', '"***"'],
    ['whsec_s3cret', '"***"'],
    ['0123456789abcdef0123456789abcdef', '"***"'],
  ])('is repeated in an error only where it is no secret: %s', (text, shown) => {
    expect(givenText(text)).toBe(shown);
  });
});

describe('an address that cannot be used', () => {
  const encode =
    'cannot be read as a URL: percent-encode the user and the password, where "#" is %23, "/" is %2F, "@" is %40 and "%" is %25 (RFC 3986 section 3.2.1)';
  const none = 'must hold no user and no password: credentials have options of their own';
  it.each([
    ['DATABASE_URL', '--database-url', 'postgres://u:s3cr#t/9@db/x', encode],
    ['DATABASE_URL', '--database-url', 'postgres://u:12#s3cr@db/x', encode],
    ['DATABASE_URL', '--database-url', 'postgres://u:s3cr%t@db/x', encode],
    [
      'DATABASE_URL',
      '--database-url',
      'postgres//u:s3cr@db/x',
      'must be a URL that starts with postgres:// or postgresql://',
    ],
    ['SMTP_URL', '--smtp-url', 'smtp://u:s3cr/t@mail', encode],
    ['NATS_URL', '--nats-url', 'nats://a:1,nats://u:s3cr#t@b:2', encode],
    ['NATS_URL', '--nats-url', 'nats://a:port', 'cannot be read as a URL: correct its host or its port'],
    [
      'MQTT_URL',
      '--mqtt-url',
      'localhost:1883',
      'must be a URL that starts with mqtt:// or mqtts://, not "localhost:1883"',
    ],
    ['MQTT_URL', '--mqtt-url', 'mqtt://u:s3cr?t@b', encode],
    ['API_IOT_URL', '--api-iot-url', 'http://u:s3cr@h', none],
    ['API_IOT_URL', '--api-iot-url', 'http://u:s3cr#t@h', encode],
    ['PAYMENTS_URL', '--payments-url', 'http://s3cr@h', none],
    ['FLEETWAKE_PUBLIC_URL', '--public-url', 'https://u:s3cr@h', none],
    ['FLEETWAKE_WEB_URL', '--web-url', 'https://u:s3cr@h', none],
    ['TICKET_WEBHOOK_URL', '--ticket-webhook-url', 'https://u:s3cr@h/x', none],
    ['TRUSTED_JWKS', '--trusted-jwks', 'https://u:s3cr@h/x', none],
  ])('%s is refused with the fix and without its content: %s %s', (name, flag, value, sentence) => {
    const read = readConfig({}, { ...webhook, [name]: value });
    const faults = 'faults' in read ? read.faults : [];
    expect(faults[0]).toBe(`${flag} (${name}) ${sentence}`);
    expect(faults.join()).not.toContain('s3cr');
  });
});
