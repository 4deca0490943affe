/** How much of a list a sink shows at once. */
const limitDefault = 50;
const limitMax = 1_000;

export interface PageQuery {
  readonly to: string | null;
  readonly limit: number;
  /** Messages older than this sequence number. */
  readonly before: number | null;
}

function positiveInteger(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}

/** `?to=&limit=&before=`, or a sentence saying what is wrong with it. */
export function pageQuery(query: (name: string) => string | undefined): PageQuery | string {
  const limit = positiveInteger(query('limit'));
  const before = positiveInteger(query('before'));
  if (limit === null || before === null) return 'limit and before are whole numbers above 0.';
  return {
    to: query('to') ?? null,
    limit: Math.min(limit ?? limitDefault, limitMax),
    before: before ?? null,
  };
}
