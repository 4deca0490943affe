import { type Service, sameDuration } from '../../gateway/catalogue/service.ts';
import type { FaultRecord } from '../faults/fault.ts';
import type { VehicleTarget } from '../faults/fault-target.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { endBoundMs } from '../reports/expectations.ts';
import { vehicleModels } from '../vehicle/models.ts';
import { readExpectation } from './expectation.ts';
import type { Mistake } from './mistake.ts';
import { lastsMs } from './part-fault.ts';
import { outageMistakes } from './recorded-outages.ts';
import { compressedConstants, type Scenario } from './scenario.ts';
import type { VehicleFaultRule } from './vehicle-fault.ts';

/** What the schema cannot know: names that must exist, targets and schedules that can never come true. */
export function checkScenario(scenario: Scenario, services: readonly Service[]): Mistake[] {
  return [
    ...checkModels(scenario),
    ...checkServices(scenario, services),
    ...checkCount(scenario),
    ...checkOutages(scenario),
    ...scenario.faults.vehicles.flatMap((rule, index) => [
      ...checkTarget(scenario, rule, index),
      ...checkOutage(scenario, rule, index),
    ]),
    ...(['apiIot', 'payments'] as const).flatMap((service) =>
      (scenario.faults[service] ?? []).flatMap((fault, index) =>
        checkWindow(scenario, fault, service, index),
      ),
    ),
    ...checkParts(scenario),
    ...(scenario.faults.list ?? []).flatMap((record, index) => checkRecord(scenario, record, index)),
    ...checkExpectations(scenario.expectations ?? []),
  ];
}

function checkModels({ vehicles: { models } }: Scenario): Mistake[] {
  const known = vehicleModels.map(({ id }) => id);
  return models.flatMap(({ model }, index) =>
    known.includes(model)
      ? []
      : [
          {
            path: ['vehicles', 'models', index, 'model'],
            text: `is "${model}", which nobody builds; write one of ${known.join(', ')}`,
          },
        ],
  );
}

function checkServices({ purchases }: Scenario, services: readonly Service[]): Mistake[] {
  return purchases.services.flatMap(({ id, feature, duration }, index): Mistake[] => {
    const path = ['purchases', 'services', index];
    const service = services.find((one) => one.id === id);
    if (!service) {
      const known = services.map((one) => one.id).join(', ');
      return [{ path: [...path, 'id'], text: `is "${id}", which is not sold; write one of ${known}` }];
    }
    if (service.feature !== feature) {
      return [{ path: [...path, 'feature'], text: `is "${feature}", but ${id} wakes ${service.feature}` }];
    }
    if (!service.offers.some((offer) => sameDuration(offer.duration, duration))) {
      return [{ path: [...path, 'duration'], text: `is none of the durations that ${id} is sold for` }];
    }
    return [];
  });
}

function checkCount({ vehicles, purchases: { count, perVehicleMax } }: Scenario): Mistake[] {
  const most = vehicles.count * perVehicleMax;
  if (count <= most) return [];
  return [
    {
      path: ['purchases', 'count'],
      text: `is ${count}, and ${vehicles.count} vehicles take at most ${perVehicleMax} each; write at most ${most}, or raise perVehicleMax or vehicles.count`,
    },
  ];
}

function checkOutages({ vehicles: { outages = [], count } }: Scenario): Mistake[] {
  return outageMistakes(outages, count).map(({ index, text }) => ({
    path: ['vehicles', 'outages', index],
    text,
  }));
}

function checkTarget({ vehicles }: Scenario, rule: VehicleFaultRule, index: number): Mistake[] {
  const path = ['faults', 'vehicles', index];
  const mistakes: Mistake[] = [];
  const { mode, value } = rule;
  const needsValue = mode !== 'one' && mode !== 'all';
  if (needsValue && value === undefined) {
    const cure = mode === 'fixed' ? 'the number of vehicles' : 'the percentage of vehicles';
    mistakes.push({ path: [...path, 'value'], text: `is missing; with mode ${mode} write ${cure}` });
  }
  if (mode === 'fixed' && value !== undefined && value > vehicles.count) {
    mistakes.push({
      path: [...path, 'value'],
      text: `is ${value}, and there are only ${vehicles.count} vehicles; write at most ${vehicles.count}`,
    });
  }
  if ((mode === 'fixed-percent' || mode === 'random-max-percent') && value !== undefined && value > 100) {
    mistakes.push({ path: [...path, 'value'], text: `is ${value} percent; write at most 100` });
  }
  const known = vehicles.models.map(({ model }) => model);
  for (const [at, model] of (rule.models ?? []).entries()) {
    if (known.includes(model)) continue;
    const cure = `write one of ${known.join(', ')}, or add it to vehicles.models`;
    mistakes.push({
      path: [...path, 'models', at],
      text: `is "${model}", which this fleet has not; ${cure}`,
    });
  }
  return mistakes;
}

/** By then every activation has ended, whatever goes wrong: what begins later can never be met. */
function latestEndMs(scenario: Scenario): number {
  const { purchases, slackMs } = scenario;
  return purchases.overMs + endBoundMs(compressedConstants(scenario), purchases.perVehicleMax, slackMs);
}

function checkOutage(scenario: Scenario, rule: VehicleFaultRule, index: number): Mistake[] {
  if (rule.type !== 'offline') return [];
  const [fromMs] = rule.attributes.afterMs;
  const latestMs = latestEndMs(scenario);
  if (fromMs <= latestMs) return [];
  return [{ path: ['faults', 'vehicles', index, 'attributes', 'afterMs'], text: tooLate(fromMs, latestMs) }];
}

function checkWindow(
  scenario: Scenario,
  { schedule, match }: HttpFault,
  service: 'apiIot' | 'payments',
  index: number,
): Mistake[] {
  const path = ['faults', service, index];
  const mistakes: Mistake[] = [];
  const latestMs = latestEndMs(scenario);
  const { afterMs = 0 } = schedule ?? {};
  if (afterMs > latestMs) {
    mistakes.push({ path: [...path, 'schedule', 'afterMs'], text: tooLate(afterMs, latestMs) });
  }
  if (match?.path !== undefined && !match.path.startsWith('/')) {
    mistakes.push({ path: [...path, 'match', 'path'], text: `is "${match.path}"; begin it with a slash` });
  }
  return mistakes;
}

function checkParts(scenario: Scenario): Mistake[] {
  const latestMs = latestEndMs(scenario);
  return (scenario.faults.parts ?? []).flatMap((fault, index): Mistake[] => {
    const path = ['faults', 'parts', index];
    const { afterMs, everyMs } = fault.schedule;
    const durationMs = lastsMs(fault);
    if (afterMs > latestMs)
      return [{ path: [...path, 'schedule', 'afterMs'], text: tooLate(afterMs, latestMs) }];
    if (everyMs === undefined || durationMs < everyMs) return [];
    const text = `is ${durationMs}, and the next begins after ${everyMs} ms; make forMs smaller than everyMs`;
    return [{ path: [...path, 'attributes', 'forMs'], text }];
  });
}

function tooLate(atMs: number, latestMs: number): string {
  return `begins at ${atMs} ms, and by ${latestMs} ms every activation of this scenario has ended; write a smaller number`;
}

function checkRecord(scenario: Scenario, record: FaultRecord, index: number): Mistake[] {
  const path = ['faults', 'list', index];
  const latestMs = latestEndMs(scenario);
  const afterMs = record.schedule?.afterMs ?? 0;
  const late: Mistake[] =
    afterMs > latestMs ? [{ path: [...path, 'schedule', 'afterMs'], text: tooLate(afterMs, latestMs) }] : [];
  return record.layer === 'services' ? late : [...late, ...checkRecordTarget(scenario, record.target, path)];
}

function checkRecordTarget(
  { vehicles }: Scenario,
  { mode, value = 0, selector }: VehicleTarget,
  path: PropertyKey[],
): Mistake[] {
  const mistakes: Mistake[] = [];
  if (mode === 'fixed' && value > vehicles.count) {
    const text = `is ${value}, and there are only ${vehicles.count} vehicles; write at most ${vehicles.count}`;
    mistakes.push({ path: [...path, 'target', 'value'], text });
  }
  const unknown = (key: 'models' | 'regions', known: readonly string[]) => {
    for (const [at, name] of (selector[key] ?? []).entries()) {
      if (known.includes(name)) continue;
      const text = `is "${name}", which this fleet has not; write one of ${known.join(', ')}, or add it to vehicles.${key}`;
      mistakes.push({ path: [...path, 'target', 'selector', key, at], text });
    }
  };
  unknown(
    'models',
    vehicles.models.map(({ model }) => model),
  );
  unknown(
    'regions',
    vehicles.regions.map(({ region }) => region),
  );
  return mistakes;
}

function checkExpectations(expectations: readonly string[]): Mistake[] {
  return expectations.flatMap((text, index) => {
    const reading = readExpectation(text);
    return reading.ok ? [] : [{ path: ['expectations', index], text: `is "${text}"; ${reading.reason}` }];
  });
}
