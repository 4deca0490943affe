import { integerBetween, type Random } from '../../shared/ports/random.ts';
import type { Moment } from '../../simulator/live/scenario-run.ts';

/** A moment at which the gateway is to die: the nth of its kind while the gateway is up. */
export interface KillPoint {
  readonly name: string;
  readonly where: Moment['where'];
  readonly what: RegExp;
  readonly nth: number;
  /** Null: before the gateway receives it; else this long after. */
  readonly afterMs: number | null;
}

const kinds: readonly Omit<KillPoint, 'nth' | 'afterMs'>[] = [
  { name: 'payment authorised, not saved', where: 'payments', what: /^POST \/v1\/payment_intents$/ },
  { name: 'command sent, not answered', where: 'to vehicle', what: /\/cmd\/configure$/ },
  { name: 'payment captured, not saved', where: 'payments', what: /\/capture$/ },
  { name: 'payment reversed, not saved', where: 'payments', what: /\/cancel$|\/refunds$/ },
  { name: 'notice delivered, not saved', where: 'mail', what: /./ },
  { name: 'payment reversed, customer not told', where: 'payments', what: /\/cancel$|\/refunds$/ },
  { name: 'result sent, not acknowledged', where: 'from vehicle', what: /\/evt\/result$/ },
  { name: 'status sent, not acknowledged', where: 'from vehicle', what: /\/evt\/status$/ },
  { name: 'some time after a command', where: 'to vehicle', what: /\/cmd\/configure$/ },
  { name: 'some time after a payment', where: 'payments', what: /^POST / },
];
const rare = /reversed/;
const later = /customer not told|some time after/;

/** The first `count` kinds of moments, again and again; the seed draws which occurrence and how long after. */
export function drawKills(random: Random, count: number): KillPoint[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] as (typeof kinds)[number];
    return {
      ...kind,
      nth: integerBetween(random, 1, rare.test(kind.name) ? 2 : 3),
      afterMs: later.test(kind.name) ? integerBetween(random, 1, 60) : null,
    };
  });
}

/** A gateway that comes back lives at least so long before it is killed again. */
const breathMs = 1_500;

/**
 * Kills at the points, each once, in the order of their moments. `kill` ends the process at once, `restart` starts it again;
 * events are not counted while it is down.
 */
export function killer(
  points: readonly KillPoint[],
  gateway: { kill(): Promise<void>; restart(): Promise<void> },
) {
  const left = points.map((point) => ({ point, seen: 0 }));
  const done: string[] = [];
  let armed = false;
  let busy: Promise<void> = Promise.resolve();

  let begun: boolean = false;
  const arm = () => {
    armed = true;
  };

  function strike(name: string): Promise<void> {
    armed = false;
    done.push(name);
    const dead = gateway.kill();
    busy = dead
      .then(() => gateway.restart())
      .then(() => new Promise<void>((resolve) => setTimeout(resolve, breathMs)))
      .then(arm);
    busy.catch((error: unknown) => console.error(`after "${name}": ${String(error)}`));
    return dead;
  }

  return {
    /** From now on moments count. */
    begin() {
      armed ||= !begun;
      begun = true;
    },
    /** What has been done, in order. */
    done: (): readonly string[] => done,
    /** Resolves when the last one who died is back, and rejects when it did not come back. */
    idle: () => busy,
    onMoment({ where, what }: Moment): void | Promise<void> {
      if (!armed) return;
      for (const entry of left) {
        const { point } = entry;
        if (point.where !== where || !point.what.test(what)) continue;
        entry.seen += 1;
        if (entry.seen < point.nth) continue;
        left.splice(left.indexOf(entry), 1);
        if (point.afterMs === null) return strike(point.name);
        armed = false;
        setTimeout(() => void strike(point.name), point.afterMs);
        return;
      }
    },
  };
}
