import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../gateway/config.ts';
import { Address, maskedAddress, maskedIn } from '../../../shared/protocol/address.ts';

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
