import { expect, test } from 'vitest';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import { readBrokerLog } from '../../../simulator/reports/broker-log.ts';
import { attemptKey } from '../../../simulator/reports/case-file.ts';
import {
  collectCommands,
  collectDatabase,
  collectMails,
  collectPushes,
} from '../../../simulator/reports/collect.ts';
import { endBoundMs, leastGapMs, waitBeforeMs } from '../../../simulator/reports/expectations.ts';
import { readingOf } from '../../../simulator/reports/reading.ts';
import { newMailbox } from '../../../simulator/stand-ins/mail-sink/mailbox.ts';
import { sampleEvidence } from './sample.ts';
import { startedAt, vinA, vinB } from './sample-names.ts';
import { saidResult, saidStatus, sentCommand } from './sample-wire.ts';

const { constants } = sampleEvidence().plan;

test('the waits before the attempts are those of the specification, worked out a second time', () => {
  const real = { ...constants, baseDelayMs: 30_000, maxDelayMs: 900_000 };
  expect([2, 3, 4, 5, 6, 7].map((attempt) => waitBeforeMs(real, attempt))).toEqual([
    30_000, 60_000, 120_000, 240_000, 480_000, 900_000,
  ]);
  expect([1, 2, 3, 4, 5, 6].map((attempt) => leastGapMs(real, 1, attempt) / 1_000)).toEqual([
    0, 30, 90, 210, 450, 930,
  ]);
  expect(leastGapMs(real, 4, 6)).toBe(720_000);
});

test('the bound of an activation grows with those that share its vehicle, and with full quota windows', () => {
  // Alone: 6 × 3,500 + 6,000. Two: 12 × 3,500 + 12,000, and commands 11 and 12 wait for the next window of 36,000.
  expect([1, 2].map((sharing) => endBoundMs(constants, sharing, 1_000))).toEqual([28_000, 91_000]);
});

test('a key names its activation and its attempt, or nothing', () => {
  expect(attemptKey('act_1:12')).toEqual({ activationId: 'act_1', attempt: 12 });
  expect([null, '', 'act_1', 'act_1:', ':1', 'act_1:x'].map(attemptKey)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});

test('a case file holds what belongs to one activation, and the first word of its vehicle', () => {
  const { sold } = readingOf(sampleEvidence());
  const [first] = sold;
  expect(first).toMatchObject({
    id: 'act_a',
    vin: vinA,
    purchase: { id: 'pur_a' },
    deliveredAt: startedAt + 550,
  });
  expect(first?.commands.map(({ attempt, command }) => [attempt, command.id])).toEqual([[2, 'cmd_a2']]);
  expect(first?.ledger.map(({ kind }) => kind)).toEqual(['authorised', 'captured']);
  expect(sold.map(({ id }) => id)).toEqual(['act_a', 'act_b', 'act_c', 'act_d', 'act_e']);
});

test('an invalid message, or one that names another vehicle, is not in the log', () => {
  const foreign = {
    ...saidResult(3, 'cmd_1', vinB, 'heated_seats', 'applied', 1),
    topic: `vehicles/${vinA}/evt/result`,
  };
  const log = readBrokerLog([
    sentCommand(1, 'cmd_1', vinA, 'heated_seats', 1),
    saidResult(2, 'cmd_1', vinA, 'heated_seats', 'applied', 1),
    foreign,
    { at: 4, topic: `vehicles/${vinA}/evt/result`, payload: 'no JSON' },
    { at: 5, topic: `vehicles/${vinA}/evt/result`, payload: '{}' },
    { at: 6, topic: `vehicles/${vinA}/telemetry`, payload: '{}' },
    { at: 7, topic: 'somewhere/else', payload: '{}' },
    saidStatus(8, vinA, []),
  ]);
  expect(
    [log.commands, log.results, log.statuses].map((list) => list.map(({ at }) => at - startedAt)),
  ).toEqual([[1], [2], [8]]);
});

test('a mail to two people was seen by two people', async () => {
  const mailbox = newMailbox();
  mailbox.deliver({
    at: 5,
    from: 'no-reply@caas.example',
    to: ['a@example.com', 'b@example.com'],
    messageId: 'ntc_1@caas.example',
    bytes: 100,
    read: async () => ({ subject: 'Hello', text: 'Text', html: '<p>Text</p>' }),
  });
  const seen = { at: 5, messageId: 'ntc_1@caas.example', subject: 'Hello', text: 'Text' };
  expect(await collectMails(mailbox)).toEqual([
    { ...seen, to: 'a@example.com' },
    { ...seen, to: 'b@example.com' },
  ]);
});

test('a push that cannot be read has no words', () => {
  const shown = {
    id: 1,
    at: 7,
    endpoint: 'https://push.example/1',
    topic: null,
    ttlSeconds: 60,
    urgency: 'normal',
  };
  const words = { noticeId: 'ntc_1', title: 'Activating...', body: 'Heated seats', url: 'https://x' };
  const list = () => [
    { ...shown, payload: JSON.stringify(words) },
    { ...shown, payload: null },
    { ...shown, payload: 'no JSON' },
    { ...shown, payload: 'null' },
  ];
  const nothing = { at: 7, endpoint: 'https://push.example/1', noticeId: '', title: '', body: '' };
  expect(collectPushes({ list })).toEqual([
    {
      at: 7,
      endpoint: 'https://push.example/1',
      noticeId: 'ntc_1',
      title: 'Activating...',
      body: 'Heated seats',
    },
    nothing,
    nothing,
    nothing,
  ]);
});

test('the databases are read as they are', async () => {
  const platform = openSqlite<PlatformSchema>(':memory:');
  await migratePlatform(platform);
  const { customers } = sampleEvidence().database;
  await platform.write((transaction) => transaction.insertInto('customers').values(customers).execute());
  expect(await collectDatabase(platform.reader)).toEqual({
    customers,
    purchases: [],
    activations: [],
    entitlements: [],
    record: [],
    notices: [],
    tickets: [],
  });
  await platform.close();

  const apiIot = openSqlite<ApiIotSchema>(':memory:');
  await migrateApiIot(apiIot);
  expect(await collectCommands(apiIot.reader)).toEqual([]);
  await apiIot.close();
});
