import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { pointerReader } from '../../shared/protocol/json-pointer.ts';
import { topics } from '../../shared/protocol/topics.ts';
import type { BrokerMessage, Evidence, PurchaseAnswer, VehicleEvidence } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import { type PlannedPurchase, plannedId } from '../scenarios/planned-purchase.ts';
import { standardConstants } from '../scenarios/standard.ts';
import { movements } from '../stand-ins/payments/ledger-rules.ts';
import type { LoggedFact } from './engine-log.ts';
import type { FactType, LogFact } from './log-schema.ts';
import type { Mapping } from './mapping.ts';
import { noPlatform } from './no-platform.ts';

type Fact<Type extends FactType> = Extract<LogFact, { readonly type: Type }>;
/** A fact whose instant is a number. */
type Timed<Type extends FactType> = Fact<Type> & { readonly ms: number };

/** Returns the facts of a log as the evidence of a run. */
export function logEvidence(logged: readonly LoggedFact[], mapping: Mapping): Evidence {
  const facts = logged
    .map(({ fact }) => ({ ...fact, ms: instantOf(fact) }))
    .toSorted((one, other) => one.ms - other.ms);
  const all = <Type extends FactType>(type: Type) =>
    facts.filter((fact): fact is Timed<Type> => fact.type === type);
  const timed = facts.filter(({ type }) => type !== 'run');
  const [startedAt, takenAt] = [timed[0]?.ms ?? 0, timed.at(-1)?.ms ?? 0];
  const commands = commandsOf(all('command'));
  const vehicles = vehiclesOf(all('vehicle'), all('result'), commands);
  const plan = planOf(all('run').at(-1), all('purchase'), vehicles, startedAt);
  return {
    ...{ plan, planAgain: JSON.stringify(plan), startedAt, takenAt },
    answers: answersOf(all('purchase'), mapping),
    ledger: all('money').map(({ ms: at, kind, amountMinor, currency, payment }, index) => ({
      ...{ sequence: index + 1, at, kind, ...movements[kind], amountMinor, currency },
      ...{ paymentId: payment, activationId: '', key: null },
    })),
    payments: all('payment').map(({ ms: at, id, amountMinor, currency, metadata }) => ({
      ...{ id, at, amountMinor, currency, description: '', metadata },
    })),
    apiIot: commands,
    broker: [...commands.map(commandMessage), ...resultMessages(all('result'), commands)],
    vehicles,
    mails: all('mail').map(({ ms: at, to, subject, text = '', messageId = '' }) => ({
      ...{ at, messageId, to, subject, text },
    })),
    pushes: all('push').map(({ ms: at, to: endpoint, title, body = '', id: noticeId = '' }) => ({
      ...{ at, endpoint, noticeId, title, body },
    })),
    ...noPlatform,
    // A log does not say whether a command reached its vehicle: only an answer proves that.
    crashes: 1,
    httpFaults: {},
  };
}

function instantOf({ at = 0 }: LogFact): number {
  return typeof at === 'number' ? at : Date.parse(at);
}

function planOf(
  run: Fact<'run'> | undefined,
  purchases: readonly Timed<'purchase'>[],
  vehicles: readonly VehicleEvidence[],
  startedAt: number,
): Plan {
  const { name = 'log', quota } = run ?? {};
  const ofQuota = quota === undefined ? {} : { quotaLimit: quota.limit, quotaWindowMs: quota.windowMs };
  return {
    ...{ scenario: name, seed: 0, timeScale: 1, constants: { ...standardConstants, ...ofQuota } },
    ...{ telemetryEveryMs: 0, slackMs: 0, customers: [], apiIotFaults: [], faultSeed: 0 },
    vehicles: vehicles.map(({ vin }) => ({
      ...{ vin, model: '', region: '', latitude: 0, longitude: 0 },
      ...{ chargePercent: 0, customerId: '', faults: [] },
    })),
    purchases: purchases.map(
      ({ ms, vin, feature, customer = '' }, index): PlannedPurchase => ({
        ...{ id: plannedId(index), atMs: ms - startedAt, customerId: customer, vin, feature },
        ...{ serviceId: feature, duration: { unit: 'permanent' }, method: '', preDelivery: false },
        intent: 'ordinary',
      }),
    ),
  };
}

function answersOf(purchases: readonly Timed<'purchase'>[], { purchase }: Mapping): PurchaseAnswer[] {
  const read = pointerReader(purchase.activation);
  return purchases.map(({ ms: at, status, answer }, index) => {
    const isAccepted = status !== null && status >= 200 && status < 300;
    const activation = isAccepted ? read(answer) : null;
    const purchaseId = activation === null || activation === undefined ? null : String(activation);
    return { plannedId: plannedId(index), at, status, problem: null, purchaseId };
  });
}

/** A version that the log leaves out is one above the highest of the vehicle's feature. */
function commandsOf(commands: readonly Timed<'command'>[]): CommandResource[] {
  const highest = new Map<string, number>();
  return commands.map(({ id, vin, reference = '', key = null, ms: acceptedAt, features }) => ({
    ...{ id, vin, reference, key, state: 'accepted', acceptedAt, expiresAt: acceptedAt, endedAt: null },
    ...{ results: null, late: false, clock: null },
    features: features.map(({ feature, target, version: stated }) => {
      const place = `${vin} ${feature}`;
      const version = stated ?? (highest.get(place) ?? 0) + 1;
      highest.set(place, Math.max(highest.get(place) ?? 0, version));
      return { feature, target, version };
    }),
  }));
}

function commandMessage({ id, vin, features, acceptedAt: at }: CommandResource): BrokerMessage {
  const payload = JSON.stringify({ id, vin, features, sentAt: at, expiresAt: at });
  return { at, topic: topics.configure(vin), payload, atVehicle: false };
}

const reached: ReadonlySet<string> = new Set(['applied', 'already_active', 'already_dormant']);

/** What a vehicle's answers say of its features; a version is that of the command. */
function answered(results: readonly Timed<'result'>[], commands: readonly CommandResource[]) {
  const byId = new Map(commands.map((command) => [command.id, command]));
  return results.flatMap(({ ms: at, command: id, results: written }) => {
    const command = byId.get(id);
    if (command === undefined) return [];
    const versions = new Map(command.features.map(({ feature, version }) => [feature, version]));
    return [
      {
        ...{ at, id, vin: command.vin },
        results: written.map(({ feature, outcome }) => ({
          ...{ feature, outcome },
          version: reached.has(outcome) ? (versions.get(feature) ?? 0) : 0,
        })),
      },
    ];
  });
}

function resultMessages(
  results: readonly Timed<'result'>[],
  commands: readonly CommandResource[],
): BrokerMessage[] {
  return answered(results, commands).map(({ at, id, vin, results: written }) => ({
    ...{ at, topic: topics.result(vin) },
    payload: JSON.stringify({ commandId: id, vin, results: written, clock: at }),
  }));
}

/** The last fact of each vehicle. A version that the log leaves out is the highest that the vehicle answered to have reached. */
function vehiclesOf(
  facts: readonly Timed<'vehicle'>[],
  results: readonly Timed<'result'>[],
  commands: readonly CommandResource[],
): VehicleEvidence[] {
  const versions = new Map<string, number>();
  for (const { vin, results: written } of answered(results, commands))
    for (const { feature, version } of written)
      versions.set(`${vin} ${feature}`, Math.max(version, versions.get(`${vin} ${feature}`) ?? 0));
  const last = new Map(facts.map((fact) => [fact.vin, fact]));
  return [...last.values()].map(({ vin, features }) => ({
    ...{ vin, displayed: [], resultsLost: 0 },
    features: features.map(({ feature, state, version }) => ({
      ...{ feature, state, version: version ?? versions.get(`${vin} ${feature}`) ?? 0 },
    })),
  }));
}

/** What each rule needs of a log; the first needs answers too, and money without one is a violation. */
const needed: Readonly<Record<number, readonly FactType[]>> = {
  1: ['money'],
  2: ['money'],
  // A log of purchases alone shows that nothing followed.
  3: ['money'],
  5: ['money', 'vehicle'],
  7: ['command'],
  9: ['command', 'vehicle'],
};

/** Returns the rules that a log cannot judge because it has no such fact, each with the reason. */
export function missingFacts(logged: readonly LoggedFact[]): Map<number, string> {
  const types = new Set(logged.map(({ fact }) => fact.type));
  const isOfPurchasesAlone = [...types].every(
    (type) => type === 'purchase' || type === 'run' || type === 'vehicle',
  );
  return new Map(
    Object.entries(needed).flatMap(([rule, wanted]) => {
      if (isOfPurchasesAlone && Number(rule) === 3) return [];
      const missing = wanted.find((type) => !types.has(type));
      return missing === undefined
        ? []
        : [[Number(rule), `not judged: the log has no fact of the type ${missing}`] as const];
    }),
  );
}
