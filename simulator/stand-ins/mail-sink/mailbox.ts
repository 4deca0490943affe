import { type RecentCounts, type RecentRecord, recentRecords } from '../recent-records.ts';

/** Mail as it arrived. Its content is parsed only when it is read. */
export interface StoredMail extends RecentRecord {
  /** When the sink took it. */
  readonly at: number;
  readonly from: string;
  readonly to: readonly string[];
  /** Without brackets; empty where there was none. */
  readonly messageId: string;
  readonly read: () => Promise<MailContent>;
}

export interface MailContent {
  readonly subject: string;
  readonly text: string;
  /** Empty where the mail has no HTML part. */
  readonly html: string;
}

type Delivery = Pick<StoredMail, 'at' | 'from' | 'to' | 'messageId' | 'bytes' | 'read'>;

export interface Mailbox {
  deliver(mail: Delivery): StoredMail;
  find(sequence: number): StoredMail | undefined;
  /** Newest first, of one recipient or of all, at most `limit`. */
  list(query: {
    readonly to?: string | null;
    readonly limit: number;
    readonly before?: number | null;
  }): StoredMail[];
  counts(): RecentCounts;
}

/** Kept unless said otherwise: 100,000 mails, and 256 MB of them. */
const defaultLimits = { countMax: 100_000, bytesMax: 256_000_000 };

/**
 * All mail of the sink, in memory: without sockets and MIME, so the virtual environment uses the same one. A mail with a
 * known Message-ID is kept and counted as a duplicate.
 */
export function newMailbox(limits: { countMax: number; bytesMax: number } = defaultLimits): Mailbox {
  const records = recentRecords<StoredMail>(limits);
  return {
    deliver: (mail) =>
      records.add((sequence) => ({
        ...mail,
        sequence,
        // A mail without Message-ID is like no other.
        identity: mail.messageId === '' ? `#${sequence}` : mail.messageId,
      })),
    find: records.find,
    list: ({ to = null, limit, before = null }) =>
      records.list(limit, before, (mail) => to === null || mail.to.includes(to)),
    counts: records.counts,
  };
}
