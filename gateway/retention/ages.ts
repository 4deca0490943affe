import { durationOfText, textOfDuration } from '../../shared/protocol/duration-text.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface AgeLimits {
  readonly standardMs: number;
  /** What still needs a younger row sets the least. */
  readonly leastMs: number;
  /** Absent: there is none, and `ever` is allowed. */
  readonly mostMs?: number;
}

/** Ages by name, in milliseconds. Why each least is what it is: docs/retention.md. */
export const ageLimits = {
  history: { standardMs: 3_650 * dayMs, leastMs: dayMs },
  operations: { standardMs: 400 * dayMs, leastMs: dayMs },
  notifications: { standardMs: 400 * dayMs, leastMs: 2 * dayMs },
  parked: { standardMs: 30 * dayMs, leastMs: dayMs },
  'payment-events': { standardMs: 90 * dayMs, leastMs: 30 * dayMs },
  commands: { standardMs: 90 * dayMs, leastMs: 7 * dayMs },
  connections: { standardMs: 30 * dayMs, leastMs: hourMs, mostMs: 30 * dayMs },
  telemetry: { standardMs: 30 * dayMs, leastMs: hourMs, mostMs: 400 * dayMs },
} as const satisfies Record<string, AgeLimits>;

export type AgeName = keyof typeof ageLimits;
export const ageNames = Object.keys(ageLimits) as readonly AgeName[];

/** How long rows are kept, in milliseconds; null: for ever. */
export type Ages = Readonly<Record<AgeName, number | null>>;

export const standardAges: Ages = agesOf(({ standardMs }) => standardMs);

function agesOf(age: (limits: AgeLimits, name: AgeName) => number | null): Ages {
  return Object.fromEntries(ageNames.map((name) => [name, age(ageLimits[name], name)])) as unknown as Ages;
}

const shortText = (ms: number) => textOfDuration(ms).replace(' ', '');

/** Returns `history=3650d,operations=400d,…`, which `readAges` reads. */
export function agesText(ages: Ages): string {
  return ageNames.map((name) => `${name}=${ages[name] === null ? 'ever' : shortText(ages[name])}`).join(',');
}

/** Reads `history=3650d,commands=90d`; what is left out has its standard age. A fault is a sentence that begins with `must` or `knows`. */
export function readAges(text: string): { readonly ages: Ages } | { readonly fault: string } {
  const given = new Map<AgeName, number | null>();
  for (const part of text.split(',')) {
    const [, name = '', age = ''] = /^\s*([a-z-]+)\s*=\s*(\S.*?)\s*$/.exec(part) ?? [];
    if (!isAgeName(name))
      return { fault: `knows ${ageNames.join(', ')}, such as history=3650d,commands=90d` };
    if (given.has(name)) return { fault: `must name ${name} once` };
    const fault = ageFault(name, age);
    if (fault !== null) return { fault };
    given.set(name, age === 'ever' ? null : durationOfText(age));
  }
  return {
    ages: agesOf(({ standardMs }, name) => (given.has(name) ? (given.get(name) ?? null) : standardMs)),
  };
}

function isAgeName(name: string): name is AgeName {
  return Object.hasOwn(ageLimits, name);
}

function ageFault(name: AgeName, age: string): string | null {
  const { leastMs, mostMs = Number.POSITIVE_INFINITY }: AgeLimits = ageLimits[name];
  const ms = age === 'ever' ? Number.POSITIVE_INFINITY : durationOfText(age);
  if (ms !== null && ms >= leastMs && ms <= mostMs) return null;
  const most = mostMs === Number.POSITIVE_INFINITY ? 'ever' : shortText(mostMs);
  return `must keep ${name} from ${shortText(leastMs)} to ${most}, such as ${name}=${shortText(ageLimits[name].standardMs)}`;
}
