/** How much worse figures may become before a comparison fails. */
export interface FigureLimit {
  /** Name of a figure (`tickets.HIGH`), or a group of them (`timeToActiveMs.`). */
  readonly figure: string;
  /** 0.1: a tenth of the value before. */
  readonly share: number;
  /** As it was asked for: `--max-slower 10%`. */
  readonly said: string;
}

interface Change {
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
  readonly isBetter: boolean | null;
}

/** A figure that is worse than its limit allows. */
export interface Excess {
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
  readonly limit: string;
}

function limitOf(name: string, limits: readonly FigureLimit[]): FigureLimit | undefined {
  return limits.find(({ figure }) => (figure.endsWith('.') ? name.startsWith(figure) : name === figure));
}

/** Whether a change is so small, for better or worse, that its limit counts it as none. A figure that is none now, or was 0, has no share. */
function isSmall({ before, after }: Change, { share }: FigureLimit): boolean {
  if (before === null || after === null) return false;
  return Math.abs(after - before) <= Math.abs(before) * share;
}

/** Returns whether a figure has a limit and stays within it. */
export function isWithin(change: Change, limits: readonly FigureLimit[]): boolean {
  const limit = limitOf(change.name, limits);
  return limit !== undefined && isSmall(change, limit);
}

/** Returns the figures that are worse than their limits allow. */
export function excessOf(changes: readonly Change[], limits: readonly FigureLimit[]): Excess[] {
  return changes.flatMap((change) => {
    const limit = limitOf(change.name, limits);
    if (limit === undefined || change.isBetter !== false || isSmall(change, limit)) return [];
    const { name, before, after } = change;
    return [{ name, before, after, limit: limit.said }];
  });
}

/** Returns the line of a figure beyond its limit: `✗ beyond --max-slower 10%: timeToActiveMs.p95, 25 % worse`. */
export function excessText({ name, before, after, limit }: Excess): string {
  const share =
    before === null || after === null || before === 0 ? null : Math.abs(after - before) / Math.abs(before);
  return `✗ beyond ${limit}: ${name}, ${share === null ? 'worse' : `${Number((share * 100).toFixed(1))} % worse`}`;
}
