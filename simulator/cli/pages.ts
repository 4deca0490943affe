import type { ApiAnswer, ApiClient } from '../run/api-client.ts';

/** A list is read to its end in pages; what is longer than this belongs to no one activation any more. */
const pagesMax = 50;
const pageSize = 100;

export interface Pages<Row> {
  /** In the order of the pages; those before the refusal, if there was one. */
  readonly rows: readonly Row[];
  /** The answer that was no page; null: all was read. */
  readonly refusal: ApiAnswer | null;
}

/** Every row of a list that the API gives in pages (`limit`, `cursor`, `next`), out of the field of that name. At most 5,000. */
export async function everyPage<Row>(
  api: Pick<ApiClient, 'get'>,
  path: string,
  field: string,
): Promise<Pages<Row>> {
  const rows: Row[] = [];
  let cursor = '';
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await api.get(`${path}?limit=${pageSize}${cursor}`);
    if (answer.status !== 200) return { rows, refusal: answer };
    const { [field]: more, next } = answer.body as {
      readonly next: string | null;
      readonly [_: string]: unknown;
    };
    rows.push(...(more as Row[]));
    if (next === null) break;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
  return { rows, refusal: null };
}
