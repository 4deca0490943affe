import { type Service, sameDuration } from '../../gateway/catalogue/service.ts';
import type { Mistake } from '../../shared/files/mistake.ts';
import { isCrashPoint, lastsMs } from '../faults/component-fault.ts';
import type { FaultRecord } from '../faults/fault.ts';
import { type VehicleTarget, valueMistake } from '../faults/fault-target.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { endBoundMs } from '../reports/expectations.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { outageMistakes } from './recorded-outages.ts';
import { hasOwnTimes } from './run-times.ts';
import { constantsAtTimeScale, type Scenario } from './scenario.ts';
import { checkActions, checkExpectations, checkStated } from './stated-checks.ts';
import type { VehicleFaultRule } from './vehicle-fault.ts';

/** Checks beyond the schema: names that must exist, and targets and fault windows that can never take effect. */
export function checkScenario(
  scenario: Scenario,
  services: readonly Service[],
  models: readonly VehicleModel[],
): Mistake[] {
  const known = models.map(({ id }) => id);
  return [
    ...checkModels(scenario, known),
    ...checkServices(scenario, services),
    ...(scenario.purchases.list ? [] : checkCount(scenario)),
    ...checkLists(scenario, services, known),
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
    ...checkStated(scenario, services, known),
    ...checkActions(scenario),
    ...checkExpectations(scenario),
  ];
}

function checkModels({ vehicles: { models } }: Scenario, known: readonly string[]): Mistake[] {
  return models.flatMap(({ model }, index) =>
    known.includes(model)
      ? []
      : [
          {
            path: ['vehicles', 'models', index, 'model'],
            text: `is "${model}", which is not a model; write one of ${known.join(', ')}`,
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

function checkCount({ vehicles, purchases: { count, perVehicleMax, items } }: Scenario): Mistake[] {
  if (count === 0 && items === undefined)
    return [{ path: ['purchases', 'count'], text: 'is 0; write at least 1, or name purchases.items' }];
  const most = vehicles.count * perVehicleMax;
  if (count <= most) return [];
  return [
    {
      path: ['purchases', 'count'],
      text: `is ${count}, and ${vehicles.count} vehicles take at most ${perVehicleMax} each; write at most ${most}, or raise perVehicleMax or vehicles.count`,
    },
  ];
}

/** Vehicles and purchases that the scenario names itself. */
function checkLists(
  { vehicles, purchases }: Scenario,
  sold: readonly Service[],
  known: readonly string[],
): Mistake[] {
  const vins = (vehicles.list ?? []).map(({ vin }) => vin);
  const offered = purchases.services.map(({ id }) => id);
  const counted = (['vehicles', 'purchases'] as const).flatMap((what): Mistake[] => {
    const { list, count } = what === 'vehicles' ? vehicles : purchases;
    if (list === undefined || list.length === count) return [];
    // The seed draws the other vehicles; purchases are named all or not at all.
    if (what === 'vehicles' && list.length < count && purchases.list === undefined) return [];
    return [
      {
        path: [what, 'count'],
        text: `is ${count}, and ${what}.list has ${list.length}; write ${list.length}`,
      },
    ];
  });
  const named = (vehicles.list ?? []).flatMap(({ vin, model }, index): Mistake[] => {
    const path = ['vehicles', 'list', index];
    if (!known.includes(model))
      return [{ path: [...path, 'model'], text: `is "${model}"; write one of ${known.join(', ')}` }];
    return vins.indexOf(vin) < index
      ? [{ path: [...path, 'vin'], text: `is "${vin}" again; write each vehicle once` }]
      : [];
  });
  const bought = (purchases.list ?? []).flatMap(
    ({ vin, service, duration, atMs }, index, list): Mistake[] => {
      const path = ['purchases', 'list', index];
      if (!vins.includes(vin))
        return [{ path: [...path, 'vin'], text: `is "${vin}"; name a vehicle of vehicles.list` }];
      if (!offered.includes(service))
        return [
          {
            path: [...path, 'service'],
            text: `is "${service}"; write one of ${offered.join(', ')}, or add it to purchases.services`,
          },
        ];
      const offers = sold.find(({ id }) => id === service)?.offers ?? [];
      if (!offers.some((offer) => sameDuration(offer.duration, duration)))
        return [
          { path: [...path, 'duration'], text: `is none of the durations that ${service} is sold for` },
        ];
      return atMs < (list[index - 1]?.atMs ?? 0)
        ? [
            {
              path: [...path, 'atMs'],
              text: 'is earlier than the purchase before it; write them in the order of their arrival',
            },
          ]
        : [];
    },
  );
  return [...counted, ...named, ...bought];
}

function checkOutages({ vehicles: { outages = [], count } }: Scenario): Mistake[] {
  return outageMistakes(outages, count).map(({ index, text }) => ({
    path: ['vehicles', 'outages', index],
    text,
  }));
}

function checkTarget(scenario: Scenario, rule: VehicleFaultRule, index: number): Mistake[] {
  const path = ['faults', 'vehicles', index];
  const { mode, value, models = [] } = rule;
  const hint = valueMistake(mode, value);
  return [
    ...(hint === null
      ? []
      : [
          {
            path: [...path, 'value'],
            text: `${value === undefined ? 'is missing' : `is ${value}`}; ${hint}`,
          },
        ]),
    ...tooMany(scenario, mode, value, [...path, 'value']),
    ...unknownNames(scenario, 'models', models, [...path, 'models']),
  ];
}

function tooMany(
  { vehicles: { count } }: Scenario,
  mode: VehicleTarget['mode'],
  value: number | undefined,
  path: PropertyKey[],
): Mistake[] {
  if (mode !== 'fixed' || value === undefined || value <= count) return [];
  return [{ path, text: `is ${value}, and there are only ${count} vehicles; write at most ${count}` }];
}

/** Names that a fault aims at, and no vehicle of this fleet has. */
function unknownNames(
  { vehicles }: Scenario,
  list: 'models' | 'regions',
  names: readonly string[],
  path: PropertyKey[],
): Mistake[] {
  const known =
    list === 'models'
      ? vehicles.models.map(({ model }) => model)
      : vehicles.regions.map(({ region }) => region);
  return names.flatMap((name, at) => {
    if (known.includes(name)) return [];
    const hint = `write one of ${known.join(', ')}, or add it to vehicles.${list}`;
    return [{ path: [...path, at], text: `is "${name}", which this fleet does not have; ${hint}` }];
  });
}

/** Every activation has ended by this time, so a fault that begins later never takes effect. */
function latestEndMs(scenario: Scenario): number {
  const { purchases, slackMs } = scenario;
  const { items = [], overMs, perVehicleMax } = purchases;
  const { actions = [] } = scenario;
  const lastMs = Math.max(overMs, ...[...items, ...actions].map(({ atMs }) => atMs));
  const sharing = perVehicleMax + items.length + actions.length;
  const timeScale = hasOwnTimes(scenario) ? 1 : scenario.timeScale;
  return lastMs + endBoundMs(constantsAtTimeScale({ ...scenario, timeScale }), sharing, slackMs);
}

/** What begins so late can never strike. */
function tooLate(scenario: Scenario, atMs: number, path: PropertyKey[]): Mistake[] {
  const latestMs = latestEndMs(scenario);
  if (atMs <= latestMs) return [];
  const text = `begins at ${atMs} ms, and by ${latestMs} ms every activation of this scenario has ended; write a smaller number`;
  return [{ path, text }];
}

function checkOutage(scenario: Scenario, rule: VehicleFaultRule, index: number): Mistake[] {
  if (rule.type !== 'offline') return [];
  const path = ['faults', 'vehicles', index, 'attributes', 'afterMs'];
  return tooLate(scenario, rule.attributes.afterMs[0], path);
}

function checkWindow(
  scenario: Scenario,
  { schedule, match }: HttpFault,
  service: 'apiIot' | 'payments',
  index: number,
): Mistake[] {
  const path = ['faults', service, index];
  const mistakes = tooLate(scenario, schedule?.afterMs ?? 0, [...path, 'schedule', 'afterMs']);
  if (match?.path !== undefined && !match.path.startsWith('/')) {
    mistakes.push({ path: [...path, 'match', 'path'], text: `is "${match.path}"; begin it with a slash` });
  }
  return mistakes;
}

function checkParts(scenario: Scenario): Mistake[] {
  return (scenario.faults.parts ?? []).flatMap((fault, index): Mistake[] => {
    if (isCrashPoint(fault)) return [];
    const path = ['faults', 'parts', index];
    const { afterMs, everyMs } = fault.schedule;
    const durationMs = lastsMs(fault);
    const late = tooLate(scenario, afterMs, [...path, 'schedule', 'afterMs']);
    if (late.length > 0 || everyMs === undefined || durationMs < everyMs) return late;
    const text = `is ${durationMs}, and the next begins after ${everyMs} ms; make forMs smaller than everyMs`;
    return [{ path: [...path, 'attributes', 'forMs'], text }];
  });
}

function checkRecord(scenario: Scenario, record: FaultRecord, index: number): Mistake[] {
  const path = ['faults', 'list', index];
  const late = tooLate(scenario, record.schedule?.afterMs ?? 0, [...path, 'schedule', 'afterMs']);
  if (record.layer === 'services') return late;
  const { mode, value, selector } = record.target;
  const { models = [], regions = [] } = selector;
  return [
    ...late,
    ...tooMany(scenario, mode, value, [...path, 'target', 'value']),
    ...unknownNames(scenario, 'models', models, [...path, 'target', 'selector', 'models']),
    ...unknownNames(scenario, 'regions', regions, [...path, 'target', 'selector', 'regions']),
  ];
}
