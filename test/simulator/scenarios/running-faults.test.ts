import { describe, expect, it } from 'vitest';
import { shippedNames, shippedScenario } from '../../../simulator/scenarios/library.ts';
import { runningFaults } from '../../../simulator/scenarios/running-faults.ts';

const ofScenario = (name: string, timeScale = 1) => runningFaults(shippedScenario(name), timeScale);

describe('the scenarios of the library in a running system', () => {
  it('have a fault of it for each of theirs, but for those of components', () => {
    for (const name of shippedNames()) {
      const { vehicles, apiIot, payments = [], list = [], parts = [] } = shippedScenario(name).faults;
      const { records, leftOut } = ofScenario(name);
      const names = [...vehicles, ...apiIot, ...payments, ...list].map((fault) => fault.name);
      expect([name, records.map((record) => record.name)]).toEqual([name, names]);
      if (names.length > 0) expect([name, leftOut.length]).toEqual([name, parts.length]);
    }
  });

  it('name why the others cannot have theirs', () => {
    const without = shippedNames().filter((name) => ofScenario(name).records.length === 0);
    const component =
      'NATS, broker and gateway of a running system share a process; use fleetwake run --live, which starts a process for each';
    const noFault = 'it has no fault: it differs by cards, models or services';
    expect(Object.fromEntries(without.map((name) => [name, ofScenario(name).leftOut]))).toEqual({
      'crash-before-saving': [
        `payment authorised, not saved: ${component}`,
        `command not sent yet: ${component}`,
        `payment captured, not saved: ${component}`,
        `payment about to be reversed: ${component}`,
      ],
      'declined-cards': [noFault],
      flapping: [
        'it has no fault: its vehicles are badly connected from the start. Add the fault flapping instead',
      ],
      'incompatible-models': [noFault],
      'reconnect-storm': [`broker restarts: ${component}`],
      'refunds-refused': [noFault],
      'rolling-restart': [
        `broker restarts and keeps its sessions: ${component}`,
        `broker restarts and forgets them: ${component}`,
        `API IoT restarts: ${component}`,
        `platform restarts: ${component}`,
      ],
    });
    expect(ofScenario('nats-wiped').leftOut).toEqual([`NATS away: ${component}`, `and empty: ${component}`]);
  });
});

describe('a fault of a scenario in a running system', () => {
  const first = (name: string, timeScale = 1) => ofScenario(name, timeScale).records[0];

  it('has the times of the scenario, uncompressed or as the system compresses them', () => {
    const times = (timeScale: number) =>
      [
        first('api-iot-down-for-an-hour', timeScale),
        first('twenty-minutes-away', timeScale),
        first('notices-given-up', timeScale),
      ].map((record) => record?.schedule?.forMs);
    // The last one is longer than a fault may last.
    expect(times(1)).toEqual([3_600_000, 1_200_000, 86_400_000]);
    expect(times(100)).toEqual([36_000, 12_000, 1_600_000]);
  });

  it('has the middle where the seed would draw, and the moment and the number of its commands', () => {
    expect(first('tunnel-while-applying', 100)).toMatchObject({
      ...{ layer: 'link', type: 'offline', schedule: { first: 1, forMs: 2_750 } },
      target: { mode: 'fixed', value: 8, selector: { state: 'applying' } },
    });
    expect(first('acknowledgement-lost-on-last-attempt')).toMatchObject({
      ...{ layer: 'vehicle', type: 'hang_at', attributes: { at: 'applying' } },
      ...{ target: { mode: 'all' }, schedule: { first: 5 } },
    });
    expect(first('control-units-not-ready')).toMatchObject({
      ...{ type: 'ecu_busy', schedule: { first: 2 } },
      target: { mode: 'fixed', value: 4, selector: { models: ['aurora-2026'] } },
    });
  });

  it('is in front of the service that the scenario names', () => {
    expect(first('payment-answers-lost')).toEqual({
      ...{ name: 'answers lost', layer: 'services', type: 'response_lost', toxicity: 0.5, attributes: {} },
      target: { service: 'payments', method: 'POST' },
    });
  });

  it('has as many vehicles of any VIN where the scenario names its own', () => {
    expect(first('twenty-minutes-away')).toMatchObject({ target: { mode: 'fixed', value: 1, selector: {} } });
    expect(JSON.stringify(first('twenty-minutes-away'))).not.toContain('vins');
  });
});
