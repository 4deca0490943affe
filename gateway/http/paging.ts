import { z } from 'zod';

/** A page has at most this many entries. */
export const pageMax = 100;

export const limitSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(pageMax)
  .default(20)
  .meta({ description: 'Entries a page' });

const cursorMessage = 'a cursor comes from `next` of the page before';

/** The place of an entry in a list that is ordered by an instant and an id. */
export interface TimeCursor {
  readonly at: number;
  readonly id: string;
}

/** `{instant}.{id}` */
export const timeCursorSchema = z
  .string()
  .regex(/^\d{1,15}\.[A-Za-z0-9_-]{1,64}$/, cursorMessage)
  .transform((text): TimeCursor => {
    const dot = text.indexOf('.');
    return { at: Number(text.slice(0, dot)), id: text.slice(dot + 1) };
  })
  .optional();

export const timeCursor = (at: number, id: string) => `${at}.${id}`;

/** A list ordered by id alone. */
export const idCursorSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, cursorMessage)
  .optional();

/** A list ordered by the record's sequence. */
export const sequenceCursorSchema = z
  .string()
  .regex(/^\d{1,15}$/, cursorMessage)
  .transform(Number)
  .optional();

export const nextSchema = z
  .string()
  .nullable()
  .meta({ description: '`cursor` of the next page; null at the end' });

/** Cuts `limit + 1` rows to a page; `next` is the cursor of the last row when there are more. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  cursor: (row: Row) => string,
): { page: readonly Row[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursor(last) : null };
}
