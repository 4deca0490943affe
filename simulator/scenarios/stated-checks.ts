import { type Service, sameDuration } from '../../gateway/catalogue/service.ts';
import type { Mistake } from '../../shared/files/mistake.ts';
import { arrivalMistakes } from './arrivals.ts';
import { type Expectation, readExpectation } from './expectation.ts';
import { renewalId } from './planned-action.ts';
import type { Scenario } from './scenario.ts';
import type { StatedPurchase } from './stated-purchase.ts';

/** Checks what the scenario states of its purchases: the curve of arrivals, and each purchase by itself. */
export function checkStated(
  scenario: Scenario,
  services: readonly Service[],
  models: readonly string[],
): Mistake[] {
  const { items = [], arrivals = [], overMs, list } = scenario.purchases;
  const curve =
    arrivals.length === 0
      ? []
      : arrivalMistakes(arrivals, overMs).map(({ index, key, text }) => ({
          path: ['purchases', 'arrivals', index, key],
          text,
        }));
  if (items.length > 0 && list !== undefined) {
    const text = 'stands beside purchases.list; write all stated purchases in one of the two';
    return [...curve, { path: ['purchases', 'items'], text, isKey: true }];
  }
  return [
    ...curve,
    ...items.flatMap((item, index) =>
      checkItem(scenario, item, index, services, models).map(({ path, ...mistake }) => ({
        ...mistake,
        path: ['purchases', 'items', index, ...path],
      })),
    ),
  ];
}

function checkItem(
  scenario: Scenario,
  item: StatedPurchase,
  index: number,
  services: readonly Service[],
  models: readonly string[],
): Mistake[] {
  const { purchases, vehicles } = scenario;
  const { id, vin, vehicle, service, feature, duration } = item;
  const before = (purchases.items ?? []).slice(0, index).map((one) => one.id);
  const sold = services.find((one) => one.id === service);
  return [
    ...mistakeIf(before.includes(id), ['id'], `is "${id}" again; give each purchase an id of its own`),
    ...mistakeIf(
      /^p-\d+$/.test(id),
      ['id'],
      `is "${id}", as drawn purchases are called; write one such as p1`,
    ),
    ...mistakeIf(
      vin !== undefined && vehicle !== undefined,
      ['vehicle'],
      'stands beside vin; leave out one of the two',
    ),
    ...mistakeIf(
      vehicle?.of !== undefined && !before.includes(vehicle.of),
      ['vehicle', 'of'],
      `is "${vehicle?.of}", which no stated purchase above it is called; write the id of one`,
    ),
    ...unknownName(vehicle?.model, models, ['vehicle', 'model']),
    ...unknownName(
      vehicle?.region,
      vehicles.regions.map(({ region }) => region),
      ['vehicle', 'region'],
    ),
    ...checkCustomer(scenario, item.customer, ['customer']),
    ...(sold === undefined
      ? [
          {
            path: ['service'],
            text: `is "${service}", which is not sold; write one of ${services.map((one) => one.id).join(', ')}`,
          },
        ]
      : [
          ...mistakeIf(
            feature !== undefined && feature !== sold.feature,
            ['feature'],
            `is "${feature}", but ${service} wakes ${sold.feature}`,
          ),
          ...mistakeIf(
            duration !== undefined && !sold.offers.some((offer) => sameDuration(offer.duration, duration)),
            ['duration'],
            `is none of the durations that ${service} is sold for`,
          ),
        ]),
  ];
}

function checkCustomer(
  { customers, vehicles }: Scenario,
  customer: string | undefined,
  path: PropertyKey[],
): Mistake[] {
  if (customer === undefined) return [];
  const count = customers.count ?? vehicles.count;
  const number = Number(/^customer-(\d{4,})$/.exec(customer)?.[1] ?? 0);
  const text = `is "${customer}"; write one of customer-0001 to customer-${String(count).padStart(4, '0')}`;
  return mistakeIf(number < 1 || number > count, path, text);
}

function unknownName(name: string | undefined, known: readonly string[], path: PropertyKey[]): Mistake[] {
  const text = `is "${name}", which this fleet does not have; write one of ${known.join(', ')}`;
  return mistakeIf(name !== undefined && !known.includes(name), path, text);
}

function mistakeIf(isWrong: boolean, path: PropertyKey[], text: string): Mistake[] {
  return isWrong ? [{ path, text }] : [];
}

/** Checks what people do after their purchases. */
export function checkActions(scenario: Scenario): Mistake[] {
  const { actions = [], purchases } = scenario;
  const items = purchases.items ?? [];
  return actions.flatMap((action, index): Mistake[] => {
    const item = items.find(({ id }) => id === action.purchase);
    const at = (mistakes: readonly Mistake[]) =>
      mistakes.map(({ path, ...mistake }) => ({ ...mistake, path: ['actions', index, ...path] }));
    if (!item) {
      const ids = items.map(({ id }) => id).join(', ');
      const hint = ids === '' ? 'state the purchase in purchases.items' : `write one of ${ids}`;
      return at([{ path: ['purchase'], text: `is "${action.purchase}"; ${hint}` }]);
    }
    return at([
      ...mistakeIf(
        action.atMs < item.atMs,
        ['atMs'],
        `is ${action.atMs}, before the purchase at ${item.atMs}; write at least ${item.atMs}`,
      ),
      ...(action.do === 'transfer' ? checkCustomer(scenario, action.to, ['to']) : []),
    ]);
  });
}

/** Checks each line of what the scenario expects. */
export function checkExpectations(scenario: Scenario): Mistake[] {
  return (scenario.expectations ?? []).flatMap((text, index) => {
    const reading = readExpectation(text);
    const reason = reading.ok ? unknownPurchase(scenario, reading.expectation) : reading.reason;
    return reason === null ? [] : [{ path: ['expectations', index], text: `is "${text}"; ${reason}` }];
  });
}

function unknownPurchase({ purchases, actions = [] }: Scenario, expectation: Expectation): string | null {
  if (expectation.kind !== 'purchase') return null;
  const { id } = expectation;
  const { items = [], count } = purchases;
  const renewed = actions
    .filter((action) => action.do === 'renew')
    .map((action, index, all) =>
      renewalId(
        action.purchase,
        all.slice(0, index + 1).filter((one) => one.purchase === action.purchase).length,
      ),
    );
  const drawn = Number(/^p-(\d{3,})$/.exec(id)?.[1] ?? 0);
  if (items.some((item) => item.id === id) || renewed.includes(id) || (drawn >= 1 && drawn <= count))
    return null;
  const stated = items.map((item) => item.id).join(', ');
  const hint = stated === '' ? 'state it in purchases.items' : `write one of ${stated}`;
  return `no purchase is called "${id}"; ${hint}`;
}
