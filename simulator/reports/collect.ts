import type { Kysely } from 'kysely';
import { commandResource } from '../../gateway/api-iot/command-resource.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { fieldsOf } from '../../shared/protocol/json.ts';
import type { Mailbox } from '../stand-ins/mail-sink/mailbox.ts';
import type { PushSink } from '../stand-ins/push-sink/push-sink.ts';
import type { DatabaseEvidence, SeenMail, SeenPush } from './evidence.ts';

/** Reads the platform's tables as they are, in the order of their keys. Hand in a connection of its own. */
export async function collectDatabase(database: Kysely<PlatformSchema>): Promise<DatabaseEvidence> {
  return {
    customers: await database.selectFrom('customers').selectAll().orderBy('id').execute(),
    purchases: await database.selectFrom('purchases').selectAll().orderBy('id').execute(),
    activations: await database.selectFrom('activations').selectAll().orderBy('id').execute(),
    entitlements: await database.selectFrom('entitlements').selectAll().orderBy('id').execute(),
    record: await database.selectFrom('record').selectAll().orderBy('seq').execute(),
    notices: await database.selectFrom('notices').selectAll().orderBy('id').execute(),
    tickets: await database.selectFrom('tickets').selectAll().orderBy('id').execute(),
  };
}

/** Every command that the API IoT ever accepted, oldest first. */
export async function collectCommands(database: Kysely<ApiIotSchema>): Promise<CommandResource[]> {
  const rows = await database
    .selectFrom('commands')
    .selectAll()
    .orderBy('accepted_at')
    .orderBy('id')
    .execute();
  return rows.map(commandResource);
}

/** All mail of the sink, one entry a recipient. Opened here and not on arrival: parsing MIME takes its time. */
export async function collectMails(mailbox: Mailbox): Promise<SeenMail[]> {
  const mails = mailbox.list({ limit: Number.MAX_SAFE_INTEGER });
  const seen = await Promise.all(
    mails.map(async ({ at, messageId, to, read }) => {
      const { subject, text } = await read();
      return to.map((recipient) => ({ at, messageId, to: recipient, subject, text }));
    }),
  );
  return seen.flat();
}

/** Returns all push messages of the sink. An unreadable one has empty texts, which match no notification. */
export function collectPushes(sink: Pick<PushSink, 'list'>): SeenPush[] {
  return sink.list({ limit: Number.MAX_SAFE_INTEGER }).map(({ at, endpoint, payload }) => {
    const { noticeId = '', title = '', body = '' } = (fieldsOf(payload ?? '') ?? {}) as Partial<SeenPush>;
    return { at, endpoint, noticeId, title, body };
  });
}
