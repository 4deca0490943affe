import fc from 'fast-check';
import type { LinkMessage } from '../../shared/ports/device-link.ts';
import { topics } from '../../shared/protocol/topics.ts';

export const vins = ['1M8GDM9AXKP042788', 'WDBEA30D3HA391172'] as const;

/** Who takes part. A twin has the client id of its vehicle: when one comes, the other is thrown out. */
export const clientNames = ['car 1', 'car 2', 'twin of car 1', 'api', 'monitor'] as const;
export type ClientName = (typeof clientNames)[number];

/** What a client does with a message: done at once, done after five slots, never done, or failing once and then done. */
export const handlings = ['at once', 'slow', 'stuck', 'fails once'] as const;

/** What is said: by its channel, and as the rules want it unless its name says otherwise. */
export const sayings = [
  'command for car 1',
  'command for car 2',
  'retained command for car 1',
  'result',
  'status',
  'no status',
  'telemetry',
  'telemetry, QoS 1',
] as const;
export type Saying = (typeof sayings)[number];

export const filters = [
  'vehicles/+/evt/status',
  'vehicles/+/evt/result',
  'vehicles/+/evt/#',
  'vehicles/+/telemetry',
  'vehicles/#',
  `vehicles/${vins[0]}/cmd/#`,
  `vehicles/${vins[0]}/cmd/configure`,
  `vehicles/${vins[1]}/cmd/#`,
] as const;

/**
 * Time is cut into slots, and the n-th step comes n milliseconds into its slot. Latencies and waits are whole slots, so
 * what follows from two steps never happens in the same millisecond, where either order would be right.
 */
export const slotMs = 64;

export type Step = { readonly afterSlots: number } & (
  | {
      readonly do: 'open';
      readonly who: ClientName;
      readonly clean: boolean;
      readonly will: boolean;
      readonly handling: (typeof handlings)[number];
      readonly filters: readonly string[];
    }
  | { readonly do: 'subscribe'; readonly who: ClientName; readonly filters: readonly string[] }
  | { readonly do: 'say'; readonly who: ClientName; readonly what: readonly Saying[] }
  | { readonly do: 'cut' | 'reconnect' | 'close' | 'die'; readonly who: ClientName }
  | { readonly do: 'fade'; readonly who: ClientName; readonly forSlots: number }
  | { readonly do: 'restart'; readonly downSlots: number }
);

/** What clients of a broker do, and when: plain data, so that it shrinks and can be kept. */
export interface Script {
  /** The API IoT is in the broker's own process, as in a gateway with all roles. */
  readonly isApiInside: boolean;
  readonly latencySlots: number;
  readonly steps: readonly Step[];
}

export function messageOf(saying: Saying, who: ClientName, payload: string): LinkMessage {
  const own = who === 'car 2' ? vins[1] : vins[0];
  const plain = { payload, qos: 1, retain: false } as const;
  switch (saying) {
    case 'command for car 1':
      return { ...plain, topic: topics.configure(vins[0]) };
    case 'command for car 2':
      return { ...plain, topic: topics.configure(vins[1]) };
    case 'retained command for car 1':
      return { ...plain, topic: topics.configure(vins[0]), retain: true };
    case 'result':
      return { ...plain, topic: topics.result(own) };
    case 'status':
      return { ...plain, topic: topics.status(own), retain: true };
    case 'no status':
      return { ...plain, topic: topics.status(own), retain: true, payload: '' };
    case 'telemetry':
      return { ...plain, topic: topics.telemetry(own), qos: 0 };
    case 'telemetry, QoS 1':
      return { ...plain, topic: topics.telemetry(own) };
    default:
      return saying satisfies never;
  }
}

const carFilters = filters.slice(-3);
/** What each says and asks for mostly; a foreign one now and then is for the rules. */
const carSays: readonly Saying[] = ['result', 'status', 'no status', 'telemetry, QoS 1'];
const usual: Readonly<
  Record<ClientName, { readonly says: readonly Saying[]; readonly hears: readonly string[] }>
> = {
  'car 1': { says: carSays, hears: carFilters.slice(0, 2) },
  'twin of car 1': { says: carSays, hears: carFilters.slice(0, 2) },
  'car 2': { says: carSays, hears: carFilters.slice(2) },
  api: { says: ['command for car 1', 'command for car 2'], hears: filters.slice(0, 4) },
  monitor: { says: [], hears: filters.slice(0, 5) },
};

/** A foreign one comes alone: Aedes keeps for a session what it refused beside what it granted. */
function someFilters(hears: readonly string[], minLength: number): fc.Arbitrary<string[]> {
  return fc.oneof(
    { weight: 15, arbitrary: fc.uniqueArray(fc.constantFrom(...hears), { minLength, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(...filters).map((filter) => [filter]) },
  );
}

/**
 * A foreign one comes alone: it ends the connection, and what was sent with it may or may not be answered before. So does one
 * without QoS, for of what is sent together it may come first or last.
 */
function someOf(says: readonly Saying[]): fc.Arbitrary<Saying[]> {
  return fc.oneof(
    ...(says.length > 0
      ? [{ weight: 10, arbitrary: fc.array(fc.constantFrom(...says), { minLength: 1, maxLength: 4 }) }]
      : []),
    { weight: 1, arbitrary: fc.constant<Saying[]>(['telemetry']) },
    { weight: 1, arbitrary: fc.constantFrom(...sayings).map((saying) => [saying]) },
  );
}

/** Within and beyond the latency, an acknowledgement, a reconnect and what makes a connection steady. */
const afterSlots = fc.constantFrom(0, 0, 1, 2, 3, 5, 16, 110);
const nameArbitrary: fc.Arbitrary<ClientName> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<ClientName>('car 1', 'api') },
  { weight: 3, arbitrary: fc.constantFrom<ClientName>('car 2', 'monitor') },
  { weight: 1, arbitrary: fc.constant<ClientName>('twin of car 1') },
);

function stepOf(who: ClientName): fc.Arbitrary<Step> {
  const common = { afterSlots, who: fc.constant(who) };
  const { says, hears } = usual[who];
  return fc.oneof(
    { weight: 3, arbitrary: openingOf(who, afterSlots) },
    {
      weight: 2,
      arbitrary: fc.record({
        ...common,
        do: fc.constant('subscribe' as const),
        filters: someFilters(hears, 1),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        ...common,
        do: fc.constant('say' as const),
        what: someOf(says),
      }),
    },
    { weight: 2, arbitrary: fc.record({ ...common, do: fc.constant('cut' as const) }) },
    { weight: 3, arbitrary: fc.record({ ...common, do: fc.constant('reconnect' as const) }) },
    { weight: 1, arbitrary: fc.record({ ...common, do: fc.constantFrom('close' as const, 'die' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        afterSlots,
        do: fc.constant('restart' as const),
        downSlots: fc.constantFrom(3, 50),
      }),
    },
  );
}

function openingOf(who: ClientName, afterSlots: fc.Arbitrary<number>): fc.Arbitrary<Step> {
  return fc.record({
    afterSlots,
    do: fc.constant('open' as const),
    who: fc.constant(who),
    clean: fc.oneof(
      { weight: 3, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    will: who === 'api' || who === 'monitor' ? fc.constant(false) : fc.boolean(),
    handling: fc.oneof(
      { weight: 6, arbitrary: fc.constant('at once' as const) },
      { weight: 3, arbitrary: fc.constantFrom(...handlings) },
    ),
    filters: someFilters(usual[who].hears, 0),
  });
}

/** Two clients stand at the beginning, for most of what can happen needs them. */
export const scriptArbitrary: fc.Arbitrary<Script> = fc
  .record({
    isApiInside: fc.boolean(),
    latencySlots: fc.constantFrom(1, 2),
    openings: fc.tuple(openingOf('car 1', fc.constant(0)), openingOf('api', fc.constant(0))),
    steps: fc.array(nameArbitrary.chain(stepOf), { minLength: 1, maxLength: 24 }),
  })
  .map(({ openings, steps, ...rest }) => withPatience({ ...rest, steps: [...openings, ...steps] }));

/**
 * A client in the broker's process that is not done at once is asked less. While Aedes waits for it, it reads some of what
 * the publisher sends next, and some not, by how many messages came together: so they come one by one. And its own connection
 * stays until the broker goes, as the API IoT's does: what waited for it would be handed over in one turn.
 */
function withPatience(script: Script): Script {
  const isWaiting = (step: Step) => step.do === 'open' && step.who === 'api' && step.handling !== 'at once';
  if (!script.isApiInside || !script.steps.some(isWaiting)) return script;
  const steps = script.steps
    .filter((step) => step.do === 'restart' || step.who !== 'api' || !endsIt(step))
    .map((step) => (step.do === 'say' ? { ...step, what: step.what.slice(0, 1) } : step));
  return { ...script, steps };
}

function endsIt(step: Step): boolean {
  if (step.do === 'say') return !step.what.every((saying) => usual.api.says.includes(saying));
  return step.do === 'cut' || step.do === 'close' || step.do === 'die';
}
