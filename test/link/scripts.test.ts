import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { LinkOptions } from '../../shared/ports/device-link.ts';
import { type MakeBroker, makePlain, makeReal, play } from './play.ts';
import { runsOf } from './runs.ts';
import { type Script, type Step, scriptArbitrary, vins } from './script.ts';

vi.mock('node:net', () => import('./memory-net.ts'));

const runs = runsOf(200);

const calm = { isApiInside: false, latencySlots: 1 } as const;
const car: Step = {
  afterSlots: 0,
  do: 'open',
  who: 'car 1',
  clean: false,
  will: true,
  handling: 'at once',
  filters: [`vehicles/${vins[0]}/cmd/#`],
};
const api: Step = { ...car, who: 'api', will: false, filters: ['vehicles/+/evt/#'] };

function from(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

describe('the plain virtual link', () => {
  test('shows every client, to the millisecond, what Aedes and mqtt.js show it', {
    timeout: 300_000 + 100 * runs,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(scriptArbitrary, async (script) => {
        expect(await play(script, makePlain)).toEqual(await play(script, makeReal));
      }),
      { numRuns: runs },
    );
  });

  test.each([
    { forSlots: 300, what: 'shorter than the keep-alive' },
    { forSlots: 2_500, what: 'longer' },
  ])('shows the same of a network that is silent, $what', async ({ forSlots }) => {
    const fade: Step = { afterSlots: 100, do: 'fade', who: 'car 1', forSlots };
    const say: Step = { afterSlots: 5, do: 'say', who: 'api', what: ['command for car 1'] };
    const steps: Step[] = [car, api, fade, say, { ...say, who: 'car 1', what: ['result'] }, say];
    const inOrder = async (make: MakeBroker) => {
      const series = await play({ ...calm, steps }, make);
      return Object.values(series).map((lines) => lines.map((line) => line.replace(/^\d+ /, '')));
    };
    expect(await inOrder(makePlain)).toEqual(await inOrder(makeReal));
  });

  test('keeps as much for a vehicle that is away, the newest, more than once', async () => {
    const commands = (count: number): Step => ({
      afterSlots: 5,
      do: 'say',
      who: 'api',
      what: Array.from({ length: count }, () => 'command for car 1'),
    });
    const script: Script = {
      ...calm,
      steps: [
        car,
        api,
        { afterSlots: 5, do: 'cut', who: 'car 1' },
        commands(70),
        commands(60),
        { afterSlots: 5, do: 'reconnect', who: 'car 1' },
        commands(2),
        { afterSlots: 5, do: 'cut', who: 'car 1' },
        commands(101),
      ],
    };
    const real = await play(script, makeReal);
    expect(await play(script, makePlain)).toEqual(real);
    const numbers = (real['car 1'] ?? []).flatMap((line) => /gets m(\d+) /.exec(line)?.[1] ?? []).map(Number);
    expect(numbers).toEqual([...from(31, 100), ...from(131, 2), ...from(134, 100)]);
  });
});

/** Planted bugs of the virtual link. */
const mistakes: Readonly<Record<string, MakeBroker>> = {
  'what waited for a session is dropped when it comes back': (loop, latencyMs) =>
    makePlain(loop, latencyMs, { waitingMaxOf: () => 0 }),
  'no session is kept': opening((options) => ({ ...options, cleanSession: true })),
  'no will is published': opening(({ will, ...options }) => options),
  'a retained message is not marked': opening((options) => ({
    ...options,
    onMessage: (message) => options.onMessage({ ...message, retain: false }),
  })),
  'a message comes twice': (loop, latencyMs) => {
    const broker = makePlain(loop, latencyMs);
    broker.onMessage(({ to }) => (to === null ? null : { kind: 'duplicate', delayMs: 0 }));
    return broker;
  },
  'a broker that starts again remembers': (loop, latencyMs) => {
    const broker = makePlain(loop, latencyMs);
    return { ...broker, restart: (how) => broker.restart({ ...how, keepsSessions: true }) };
  },
};

describe('the comparison finds it when', () => {
  test.each(Object.entries(mistakes))('%s', async (_name, make) => {
    const outcome = await fc.check(
      fc.asyncProperty(scriptArbitrary, async (script) => {
        expect(await play(script, make)).toEqual(await play(script, makeReal));
      }),
      { numRuns: 100, endOnFailure: true },
    );
    expect(outcome.failed).toBe(true);
  });
});

/** A client opens another connection than the one it uses. */
function opening(change: (options: LinkOptions) => LinkOptions): MakeBroker {
  return (loop, latencyMs) => {
    const broker = makePlain(loop, latencyMs);
    return {
      ...broker,
      connect(...where) {
        const link = broker.connect(...where);
        return { open: (options) => link.open(change(options)) };
      },
    };
  };
}
