import { sql, type Transaction } from 'kysely';
import type { NoticeRow, PlatformSchema } from '../store/schema.ts';

/** Limit of e-mails to one address, because addresses are not verified. */
export interface AddressLimit {
  readonly max: number;
  readonly windowMs: number;
}

const dayMs = 86_400_000;

export const standardAddressLimit: AddressLimit = { max: 200, windowMs: dayMs };

/** Addresses that differ in case alone are one. */
export const limitedAddress = (address: string): string => address.toLowerCase();

interface Use {
  readonly address: string;
  /** Sent within the window, or under way. */
  readonly used: number | string;
  /** When the oldest of them was sent. */
  readonly oldest: number | string | null;
}

/** Resolves with what each of these addresses received, one look-up by index for all of them. */
async function usesOf(
  transaction: Transaction<PlatformSchema>,
  addresses: readonly string[],
  { now, windowMs }: { readonly now: number; readonly windowMs: number },
): Promise<Map<string, Use>> {
  const list = sql.join(addresses);
  const { rows } = await sql<Use>`
    select address, count(*) as used, min(sent_at) as oldest from (
      select address, sent_at from notices where address in (${list}) and sent_at > ${now - windowMs}
      union all
      select address, sent_at from notices where address in (${list}) and sent_at is null and claimed_until > ${now}
    ) as taken group by address`.execute(transaction);
  return new Map(rows.map((use) => [use.address, use]));
}

export interface Divided {
  readonly free: readonly NoticeRow[];
  /** Those that wait until their address has received fewer. */
  readonly limited: readonly { readonly row: NoticeRow; readonly dueAt: number }[];
}

/** Divides due notifications into those that may be sent and those whose address has reached its limit. */
export async function divideByAddress(
  transaction: Transaction<PlatformSchema>,
  rows: readonly NoticeRow[],
  limit: AddressLimit | null,
  now: number,
): Promise<Divided> {
  const addresses = [...new Set(rows.flatMap(({ address }) => address ?? []))];
  if (limit === null || addresses.length === 0) return { free: rows, limited: [] };
  const { max, windowMs } = limit;
  const uses = await usesOf(transaction, addresses, { now, windowMs });
  const left = new Map(addresses.map((address) => [address, max - Number(uses.get(address)?.used ?? 0)]));
  const free: NoticeRow[] = [];
  const limited: { row: NoticeRow; dueAt: number }[] = [];
  for (const row of rows) {
    const { address } = row;
    const places = address === null ? 1 : (left.get(address) ?? 0);
    if (places > 0) {
      free.push(row);
      if (address !== null) left.set(address, places - 1);
      continue;
    }
    const oldest = uses.get(address ?? '')?.oldest ?? null;
    limited.push({ row, dueAt: (oldest === null ? now : Number(oldest)) + windowMs });
  }
  return { free, limited };
}
