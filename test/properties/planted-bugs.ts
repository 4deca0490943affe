import { vi } from 'vitest';
import type { Activation } from '../../gateway/activation/activation.ts';
import type { Failure } from '../../gateway/activation/failure.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import { wallNow } from '../../shared/ports/clock.ts';
import type { PaymentAnswer, Payments } from '../../shared/ports/payments.ts';
import type { DependencyOverrides } from '../../simulator/virtual-system/dependency-overrides.ts';

/** One realistic bug, planted by the test: the shipped code does not change. */
export interface PlantedBug {
  readonly name: string;
  /** Within so many runs the check must find it: the median of three seeds, and seed 1 where every day's tests run it. */
  readonly within: number;
  /** One of these must report it (`rule 5`, `legal transition`): what only others report is luck, and the test fails. */
  readonly rules: readonly [string, ...string[]];
  /** Replaces modules, or what a process is given. Loaded anew for each bug. */
  readonly plant: () => DependencyOverrides | undefined;
}

/** Whether one of the rules that the bug names is among those that a run broke. */
export function isReportedBy({ rules }: Pick<PlantedBug, 'rules'>, broken: readonly string[]): boolean {
  return rules.some((rule) => broken.some((one) => one === rule || one.startsWith(`${rule}:`)));
}

const replaced: string[] = [];

/** Takes every replacement back. */
export function unplant(): void {
  for (const path of replaced.splice(0)) vi.doUnmock(path);
  vi.resetModules();
}

/** Replaces functions of one module for all its importers. */
function replace<Module extends object>(
  path: string,
  change: (actual: Module) => Partial<Module>,
): undefined {
  replaced.push(path);
  vi.doMock(path, async (importOriginal) => {
    const actual = await importOriginal<Module>();
    return { ...actual, ...change(actual) };
  });
}

function tamperPayments(change: (payments: Payments) => Partial<Payments>): DependencyOverrides {
  return {
    engine: (deps) => {
      const { payments } = deps;
      const plain: Payments = {
        authorise: (request) => payments.authorise(request),
        capture: (request) => payments.capture(request),
        void: (request) => payments.void(request),
        refund: (request) => payments.refund(request),
        retrieve: (id) => payments.retrieve(id),
      };
      return { ...deps, payments: { ...plain, ...change(plain) } };
    },
  };
}

const doneAnyway =
  (call: (request: never) => Promise<PaymentAnswer>) =>
  async (request: { paymentId: string }): Promise<PaymentAnswer> => {
    try {
      return await call(request as never);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'PaymentsUnavailable') throw error;
      return { ok: true, paymentId: request.paymentId, expiresAt: null };
    }
  };

type Attempting = typeof import('../../gateway/activation/attempting.ts');
type Ending = typeof import('../../gateway/activation/ending.ts');
type Policy = typeof import('../../gateway/activation/policy.ts');
type Refusal = typeof import('../../gateway/engine/refusal.ts');
type Command = typeof import('../../gateway/engine/command.ts');
type Diagnostics = typeof import('../../gateway/engine/diagnostics.ts');
type Activations = typeof import('../../gateway/store/activations.ts');
type Entitlements = typeof import('../../gateway/store/entitlements.ts');
type Entitlement = typeof import('../../gateway/entitlement/entitlement.ts');
type Grant = typeof import('../../gateway/entitlement/grant.ts');
type Ownership = typeof import('../../gateway/entitlement/ownership.ts');
type Cancelling = typeof import('../../gateway/activation/cancelling.ts');
type Contradiction = typeof import('../../gateway/entitlement/contradiction.ts');
type Reconcile = typeof import('../../gateway/entitlement/reconcile.ts');
type ActivationModule = typeof import('../../gateway/activation/activation.ts');
type LateSuccess = typeof import('../../gateway/support/late-success.ts');
type Commands = typeof import('../../gateway/api-iot/store/commands.ts');
type Configure = typeof import('../../simulator/vehicle/configure.ts');
type SystemicCauses = typeof import('../../gateway/engine/systemic-cause.ts');
type DisputeStore = typeof import('../../gateway/disputes/dispute-store.ts');
type Obstacle = typeof import('../../gateway/platform/settlement-obstacle.ts');
type Transfer = typeof import('../../gateway/entitlement/transfer.ts');
type Idempotency = typeof import('../../gateway/http/idempotency.ts');

const attempting = '../../gateway/activation/attempting.ts';
const refusal = '../../gateway/engine/refusal.ts';

function changedFailure(change: (failure: Failure) => Partial<Failure>): undefined {
  return replace<Refusal>(refusal, ({ failureOfCommand }) => ({
    failureOfCommand(command, online) {
      const failure = failureOfCommand(command, online);
      return failure && { ...failure, ...change(failure) };
    },
  }));
}

function withPolicy(activation: Activation, change: Partial<Activation['policy']>): Activation {
  return { ...activation, policy: { ...activation.policy, ...change } };
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'an event of a dispute is answered and forgotten',
    within: 60,
    rules: ['service lifecycle', 'rule 4', 'rule 10'],
    plant: () =>
      replace<DisputeStore>('../../gateway/disputes/dispute-store.ts', () => ({
        claimEvent: async () => false,
      })),
  },
  {
    name: 'what is owned on a vehicle stays with its old owner',
    within: 60,
    rules: ['service lifecycle', 'rule 4'],
    plant: () =>
      replace<Transfer>('../../gateway/entitlement/transfer.ts', () => ({
        transferVehicle: async () => {},
      })),
  },
  {
    name: 'a late success overrides the failure',
    within: 400,
    rules: ['legal transition'],
    plant: () =>
      replace<Ending>('../../gateway/activation/ending.ts', ({ noteLateSuccess }) => ({
        noteLateSuccess(activation, event) {
          const outcome = noteLateSuccess(activation, event);
          return { ...outcome, activation: { ...outcome.activation, phase: 'active' } };
        },
      })),
  },
  {
    name: 'no revocation after a failure',
    within: 20,
    rules: ['rule 5'],
    plant: () =>
      replace<Activations>('../../gateway/store/activations.ts', ({ insertActivation }) => ({
        insertActivation: async (transaction, activation, links) => {
          if (activation.kind !== 'revocation') await insertActivation(transaction, activation, links);
        },
      })),
  },
  {
    name: 'a revocation ignores a newer entitlement',
    within: 200,
    rules: ['rule 4'],
    plant: () =>
      replace<Ownership>('../../gateway/entitlement/ownership.ts', () => ({
        featureOwner: async () => null,
      })),
  },
  {
    name: 'the vehicle ignores the command version',
    within: 20,
    rules: ['versions increase'],
    plant: () =>
      replace<Configure>('../../simulator/vehicle/configure.ts', ({ receiveCommand, applyAccepted }) => ({
        receiveCommand: (vehicle, command, now) => receiveCommand(forgetful(vehicle), command, now),
        applyAccepted: (vehicle, commandId, now) => applyAccepted(forgetful(vehicle), commandId, now),
      })),
  },
  {
    name: 'a new idempotency key for each retry of an authorisation',
    within: 150,
    rules: ['rule 2'],
    plant: () => {
      let tries = 0;
      return tamperPayments(({ authorise }) => ({
        authorise: (request) => {
          tries += 1;
          return authorise({ ...request, key: `${request.key}:${tries}` });
        },
      }));
    },
  },
  {
    name: 'an unanswered refund treated as done',
    within: 150,
    rules: ['rule 5'],
    plant: () => tamperPayments(({ refund }) => ({ refund: doneAnyway(refund) })),
  },
  {
    name: 'an unanswered void treated as done',
    within: 200,
    rules: ['rule 5'],
    plant: () => tamperPayments((payments) => ({ void: doneAnyway(payments.void) })),
  },
  {
    name: 'an unanswered capture treated as done',
    within: 200,
    rules: ['rule 4'],
    plant: () => tamperPayments(({ capture }) => ({ capture: doneAnyway(capture) })),
  },
  {
    name: 'payment captured at the authorisation',
    within: 20,
    rules: ['rule 1', 'rule 4', 'rule 10'],
    plant: () =>
      tamperPayments(({ authorise }) => ({
        authorise: (request) => authorise({ ...request, capture: 'immediately' }),
      })),
  },
  {
    name: 'one attempt too many',
    within: 20,
    rules: ['rule 6'],
    plant: () =>
      replace<Attempting>(attempting, ({ failAttempt }) => ({
        failAttempt(activation, event) {
          const { maxRetries } = activation.policy;
          if (maxRetries === null) return failAttempt(activation, event);
          const outcome = failAttempt(withPolicy(activation, { maxRetries: maxRetries + 1 }), event);
          return { ...outcome, activation: withPolicy(outcome.activation, { maxRetries }) };
        },
      })),
  },
  {
    name: 'one attempt too few',
    within: 20,
    rules: ['rule 6'],
    plant: () =>
      replace<Attempting>(attempting, ({ failAttempt }) => ({
        failAttempt(activation, event) {
          const { maxRetries } = activation.policy;
          if (maxRetries === null || maxRetries === 0) return failAttempt(activation, event);
          const outcome = failAttempt(withPolicy(activation, { maxRetries: maxRetries - 1 }), event);
          return { ...outcome, activation: withPolicy(outcome.activation, { maxRetries }) };
        },
      })),
  },
  {
    name: 'back-off halved',
    within: 20,
    rules: ['rule 6'],
    plant: () =>
      replace<Policy>('../../gateway/activation/policy.ts', ({ backoffMs }) => ({
        backoffMs: (policy, retry, draw) => Math.round(backoffMs(policy, retry, draw) / 2),
      })),
  },
  {
    name: 'a permanent rejection is retried',
    within: 60,
    rules: ['rule 6'],
    plant: () => changedFailure(({ code }) => (code === 'rejected' ? { temporary: true } : {})),
  },
  {
    name: 'a timed-out command treated as not applied',
    within: 20,
    rules: ['rule 5'],
    plant: () => changedFailure(({ code }) => (code === 'timed_out' ? { mayHaveSucceeded: false } : {})),
  },
  {
    name: 'an accepted command treated as delivered',
    within: 20,
    rules: ['rule 4'],
    plant: () =>
      replace<Command>('../../gateway/engine/command.ts', ({ eventOfCommand }) => ({
        eventOfCommand: (deps, vin, attempt, command) =>
          eventOfCommand(
            deps,
            vin,
            attempt,
            command.state === 'accepted' ? { ...command, state: 'applied' } : command,
          ),
      })),
  },
  {
    name: 'diagnostics treat the last attempt as delivered',
    within: 20,
    rules: ['rule 4'],
    plant: () =>
      replace<Diagnostics>('../../gateway/engine/diagnostics.ts', ({ readDiagnostics }) => ({
        readDiagnostics: async (deps, activation) => {
          const event = await readDiagnostics(deps, activation);
          const delivered = activation.attempts.at(-1)?.number ?? null;
          return event.type === 'diagnostics_read' ? { ...event, delivered } : event;
        },
      })),
  },
  {
    name: 'an eleventh command within an hour is accepted',
    within: 100,
    rules: ['quota'],
    plant: () =>
      replace<Commands>('../../gateway/api-iot/store/commands.ts', ({ listAcceptances }) => ({
        listAcceptances: async (...given) => (await listAcceptances(...given)).slice(1),
      })),
  },
  {
    name: 'the Idempotency-Key of requests is ignored',
    within: 20,
    rules: ['rule 1', 'rule 2'],
    plant: () =>
      replace<Idempotency>('../../gateway/http/idempotency.ts', () => ({ keyUseOf: async () => null })),
  },
  {
    name: 'no sweep for activations after NATS was wiped',
    within: 20,
    rules: ['rule 3', 'service lifecycle'],
    plant: () => ({
      engine: (deps) => ({ ...deps, settings: { ...deps.settings, sweepEveryMs: 1_000_000_000 } }),
    }),
  },
  {
    name: 'events that the stream refused are skipped',
    within: 200,
    rules: ['rule 10'],
    plant: () => ({
      platform: (ports) => {
        const { bus } = ports;
        const silent: Bus = {
          publish: (...given) => bus.publish(...given).catch(() => {}),
          consume: (options, handle) => bus.consume(options, handle),
          problem: () => bus.problem(),
          close: () => bus.close(),
        };
        return { ...ports, bus: silent };
      },
    }),
  },
  {
    name: '"not charged" sent before the reversal',
    within: 20,
    rules: ['rule 5'],
    plant: () => ({
      engine: (deps) => ({
        ...deps,
        insertNotices: (transaction, stored, facts) =>
          deps.insertNotices(
            transaction,
            stored,
            facts.map((fact) =>
              fact.type === 'activation.reversing_payment'
                ? { ...fact, type: 'activation.notifying_failure' as const }
                : fact,
            ),
          ),
      }),
    }),
  },
  {
    name: 'every e-mail is sent twice',
    within: 20,
    rules: ['rule 2'],
    plant: () => ({
      platform: (ports) => ({
        ...ports,
        mailer: {
          send: async (mail) => {
            await ports.mailer.send(mail);
            await ports.mailer.send(mail);
          },
          close: () => ports.mailer.close(),
        },
      }),
    }),
  },
  {
    name: 'expired services are never ended',
    within: 60,
    rules: ['service lifecycle'],
    plant: () =>
      replace<Entitlements>('../../gateway/store/entitlements.ts', () => ({
        overdueEntitlements: async () => [],
      })),
  },
  {
    name: 'no deactivation after the end of a service',
    within: 60,
    rules: ['service lifecycle'],
    plant: () =>
      replace<Activations>('../../gateway/store/activations.ts', ({ insertActivation }) => ({
        insertActivation: async (transaction, activation, links) => {
          if (activation.kind !== 'deactivation') await insertActivation(transaction, activation, links);
        },
      })),
  },
  {
    name: 'a service ends one minute early',
    within: 60,
    rules: ['service lifecycle'],
    plant: () => {
      replace<Entitlements>('../../gateway/store/entitlements.ts', ({ overdueEntitlements }) => ({
        overdueEntitlements: (database, before, after, limit) =>
          overdueEntitlements(database, before + minuteMs, after, limit),
      }));
      return replace<Entitlement>('../../gateway/entitlement/entitlement.ts', ({ moveEntitlement }) => ({
        moveEntitlement: (entitlement, event) =>
          moveEntitlement(entitlement, { ...event, at: event.at + minuteMs }),
      }));
    },
  },
  {
    name: 'a cancellation request is saved and then ignored',
    within: 60,
    rules: ['service lifecycle', 'valid saved state'],
    plant: () =>
      replace<Cancelling>('../../gateway/activation/cancelling.ts', () => ({
        isCancelRequested: () => false,
      })),
  },
  {
    name: 'an activation cancelled in progress is not reversed',
    within: 400,
    rules: ['rule 5'],
    plant: () =>
      replace<Cancelling>('../../gateway/activation/cancelling.ts', ({ stopTrying }) => ({
        stopTrying(activation, at, facts) {
          const outcome = stopTrying({ ...activation, settlement: null }, at, facts);
          return { ...outcome, activation: { ...outcome.activation, settlement: activation.settlement } };
        },
      })),
  },
  {
    name: 'a feature lost in a workshop is not reactivated',
    within: 400,
    rules: ['service lifecycle'],
    plant: () =>
      replace<Reconcile>('../../gateway/entitlement/reconcile.ts', ({ differences }) => ({
        differences: (...given) => differences(...given).filter(({ type }) => type !== 'reactivate'),
      })),
  },
  {
    name: 'a feature that is lost again and again is reactivated each time',
    within: 100,
    rules: ['service lifecycle'],
    plant: () =>
      replace<Contradiction>('../../gateway/entitlement/contradiction.ts', () => ({
        contradictedActivation: async () => null,
      })),
  },
  {
    name: 'a feature active without an entitlement is not revoked',
    within: 300,
    rules: ['service lifecycle'],
    plant: () =>
      replace<Reconcile>('../../gateway/entitlement/reconcile.ts', ({ differences }) => ({
        differences: (...given) => differences(...given).filter(({ type }) => type !== 'revoke'),
      })),
  },
  {
    name: 'a reactivation treated as a sale',
    within: 400,
    rules: ['service lifecycle'],
    plant: () =>
      replace<ActivationModule>('../../gateway/activation/activation.ts', ({ newReactivation }) => ({
        newReactivation(order, at) {
          const { origin: _, ...sold } = newReactivation(order, at);
          return sold;
        },
      })),
  },
  {
    name: 'goodwill entitlement granted although the purchase already had one',
    within: 200,
    rules: ['service lifecycle'],
    plant: () =>
      replace<Ownership>('../../gateway/entitlement/ownership.ts', () => ({ hasGranted: async () => false })),
  },
  {
    name: 'a successful manual retry grants no entitlement',
    within: 400,
    rules: ['rule 4'],
    plant: () =>
      replace<Grant>('../../gateway/entitlement/grant.ts', ({ grantEntitlement }) => ({
        grantEntitlement: async (transaction, deps, stored, at, source) =>
          source === 'goodwill' || (await grantEntitlement(transaction, deps, stored, at, source)),
      })),
  },
  {
    name: 'an accepted late success grants no entitlement',
    within: 200,
    rules: ['service lifecycle'],
    plant: () =>
      replace<LateSuccess>('../../gateway/support/late-success.ts', () => ({
        keepLateSuccess: async () => null,
      })),
  },
  {
    name: "a vehicle's model is kept until the process ends",
    within: 200,
    rules: ['configuration of the registered model'],
    plant: () => ({
      engine: (deps) => {
        const known = new Map<string, Promise<string>>();
        const modelOf = (vin: string) => {
          const model = known.get(vin) ?? deps.modelOf(vin);
          known.set(vin, model);
          return model;
        };
        return { ...deps, modelOf };
      },
    }),
  },
  {
    name: 'the SLA timer never fires',
    within: 200,
    rules: ['ticket SLA and events'],
    plant: () => ({
      sla: (deps) => ({
        ...deps,
        clock: { ...deps.clock, now: () => deps.clock.now(), setTimer: () => ({ cancel() {} }) },
      }),
    }),
  },
  {
    name: 'the ticket webhook sends each event twice',
    within: 200,
    rules: ['ticket SLA and events'],
    plant: () => ({
      webhook: (deps) => ({
        ...deps,
        http: async (request: Request) => {
          await deps.http(request.clone());
          return deps.http(request);
        },
      }),
    }),
  },
  {
    name: 'a refused credential fails each purchase for itself',
    within: 100,
    rules: ['API IoT incidents'],
    plant: () =>
      replace<SystemicCauses>('../../gateway/engine/systemic-cause.ts', () => ({ isSystemic: () => false })),
  },
  {
    name: 'due times and durations by the wall clock',
    within: 250,
    rules: ['rule 3', 'rule 6'],
    plant: () => ({
      platform: (ports) => {
        const { clock } = ports;
        return {
          ...ports,
          clock: {
            now: () => wallNow(clock),
            wallNow: () => wallNow(clock),
            setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
          },
        };
      },
    }),
  },
  {
    name: 'a charge that was lost before delivery counts as paid',
    within: 400,
    rules: ['service lifecycle', 'rule 4'],
    plant: () =>
      replace<DisputeStore>('../../gateway/disputes/dispute-store.ts', () => ({
        isChargeLost: async () => false,
      })),
  },
  {
    name: 'a refund that a dispute keeps back is taken for made',
    within: 100,
    rules: ['rule 10', 'rule 5'],
    plant: () =>
      tamperPayments((payments) => ({
        async refund(request) {
          const answer = await payments.refund(request);
          const isHeld = !answer.ok && answer.code === 'charge_disputed';
          return isHeld ? { ok: true, paymentId: request.paymentId, expiresAt: null } : answer;
        },
      })),
  },
  {
    name: 'an operator may collect what the bank has not decided',
    within: 400,
    rules: ['rule 1'],
    plant: () =>
      replace<Obstacle>('../../gateway/platform/settlement-obstacle.ts', ({ disputeObstacle }) => ({
        disputeObstacle: (dispute, activation, body) =>
          dispute.status === 'open' ? null : disputeObstacle(dispute, activation, body),
      })),
  },
];

const minuteMs = 60_000;

type Vehicle = Parameters<Configure['receiveCommand']>[0];

function forgetful(vehicle: Vehicle): Vehicle {
  return { ...vehicle, features: vehicle.features.map((feature) => ({ ...feature, version: 0 })) };
}
