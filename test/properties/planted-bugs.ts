import { vi } from 'vitest';
import type { Activation } from '../../gateway/activation/activation.ts';
import type { Failure } from '../../gateway/activation/failure.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { PaymentAnswer, Payments } from '../../shared/ports/payments.ts';
import type { DependencyOverrides } from '../../simulator/virtual-system/dependency-overrides.ts';

/** One mistake that somebody could make, put in from outside: the shipped code knows nothing of it. */
export interface PlantedBug {
  readonly name: string;
  /** Within so many runs the check must find it: the median of three seeds, and seed 1 where every day's tests run it. */
  readonly within: number;
  /** One of these must report it (`rule 5`, `legal move`): what only others report is luck, and the test fails. */
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

/** Replaces functions of one module for whoever imports it. */
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
type Reconcile = typeof import('../../gateway/entitlement/reconcile.ts');
type ActivationModule = typeof import('../../gateway/activation/activation.ts');
type LateSuccess = typeof import('../../gateway/support/late-success.ts');
type Commands = typeof import('../../gateway/api-iot/store/commands.ts');
type Configure = typeof import('../../simulator/vehicle/configure.ts');
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
    name: 'a late answer wins over the failure',
    within: 400,
    rules: ['legal move'],
    plant: () =>
      replace<Ending>('../../gateway/activation/ending.ts', ({ noteLateSuccess }) => ({
        noteLateSuccess(activation, event) {
          const outcome = noteLateSuccess(activation, event);
          return { ...outcome, activation: { ...outcome.activation, phase: 'active' } };
        },
      })),
  },
  {
    name: 'no revocation follows a failure',
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
    name: 'a revocation does not ask who owns the feature by now',
    within: 200,
    rules: ['rule 4'],
    plant: () =>
      replace<Ownership>('../../gateway/entitlement/ownership.ts', () => ({
        featureOwner: async () => null,
      })),
  },
  {
    name: 'the vehicle does not look at the version',
    within: 20,
    rules: ['versions rise'],
    plant: () =>
      replace<Configure>('../../simulator/vehicle/configure.ts', ({ receiveCommand, applyAccepted }) => ({
        receiveCommand: (vehicle, command, now) => receiveCommand(forgetful(vehicle), command, now),
        applyAccepted: (vehicle, commandId, now) => applyAccepted(forgetful(vehicle), commandId, now),
      })),
  },
  {
    name: 'a new idempotency key for every try of an authorisation',
    within: 40,
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
    name: 'a refund without an answer counts as done',
    within: 60,
    rules: ['rule 5'],
    plant: () => tamperPayments(({ refund }) => ({ refund: doneAnyway(refund) })),
  },
  {
    name: 'a void without an answer counts as done',
    within: 200,
    rules: ['rule 5'],
    plant: () => tamperPayments((payments) => ({ void: doneAnyway(payments.void) })),
  },
  {
    name: 'a capture without an answer counts as done',
    within: 200,
    rules: ['rule 4'],
    plant: () => tamperPayments(({ capture }) => ({ capture: doneAnyway(capture) })),
  },
  {
    name: 'money is taken at the authorisation, whatever the service says',
    within: 20,
    rules: ['rule 1'],
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
    name: 'the back-off is half as long as it should be',
    within: 20,
    rules: ['rule 6'],
    plant: () =>
      replace<Policy>('../../gateway/activation/policy.ts', ({ backoffMs }) => ({
        backoffMs: (policy, retry, draw) => Math.round(backoffMs(policy, retry, draw) / 2),
      })),
  },
  {
    name: 'a refusal for good is tried again',
    within: 60,
    rules: ['rule 6'],
    plant: () => changedFailure(({ code }) => (code === 'rejected' ? { temporary: true } : {})),
  },
  {
    name: 'a command that timed out was certainly not applied',
    within: 20,
    rules: ['rule 5'],
    plant: () => changedFailure(({ code }) => (code === 'timed_out' ? { mayHaveSucceeded: false } : {})),
  },
  {
    name: 'an accepted command counts as delivered',
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
    name: 'diagnostics take the last attempt for delivered',
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
    name: 'an eleventh command in an hour is accepted',
    within: 100,
    rules: ['quota'],
    plant: () =>
      replace<Commands>('../../gateway/api-iot/store/commands.ts', ({ listAcceptances }) => ({
        listAcceptances: async (...given) => (await listAcceptances(...given)).slice(1),
      })),
  },
  {
    name: 'requests are not told apart by their Idempotency-Key',
    within: 20,
    rules: ['rule 1', 'rule 2'],
    plant: () =>
      replace<Idempotency>('../../gateway/http/idempotency.ts', () => ({ keyUseOf: async () => null })),
  },
  {
    name: 'nothing looks for activations that a wiped NATS forgot',
    within: 20,
    rules: ['rule 3', 'the life of a service'],
    plant: () => ({
      engine: (deps) => ({ ...deps, settings: { ...deps.settings, sweepEveryMs: 1_000_000_000 } }),
    }),
  },
  {
    name: 'events that the stream did not take are left out',
    within: 100,
    rules: ['rule 10'],
    plant: () => ({
      platform: (ports) => {
        const { bus } = ports;
        const silent: Bus = {
          publish: (...given) => bus.publish(...given).catch(() => {}),
          consume: (options, handle) => bus.consume(options, handle),
          close: () => bus.close(),
        };
        return { ...ports, bus: silent };
      },
    }),
  },
  {
    name: 'the customer hears "not charged" before the money went back',
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
    name: 'every mail goes out twice',
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
    name: 'nothing looks for services whose time is over',
    within: 60,
    rules: ['the life of a service'],
    plant: () =>
      replace<Entitlements>('../../gateway/store/entitlements.ts', () => ({
        overdueEntitlements: async () => [],
      })),
  },
  {
    name: 'no deactivation follows the end of a service',
    within: 60,
    rules: ['the life of a service'],
    plant: () =>
      replace<Activations>('../../gateway/store/activations.ts', ({ insertActivation }) => ({
        insertActivation: async (transaction, activation, links) => {
          if (activation.kind !== 'deactivation') await insertActivation(transaction, activation, links);
        },
      })),
  },
  {
    name: 'a service ends a minute early',
    within: 60,
    rules: ['the life of a service'],
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
    name: 'a wish to cancel is written down and forgotten',
    within: 60,
    rules: ['the life of a service'],
    plant: () =>
      replace<Cancelling>('../../gateway/activation/cancelling.ts', () => ({
        isCancelRequested: () => false,
      })),
  },
  {
    name: 'what is cancelled on its way keeps the money',
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
    name: 'what a workshop took is not brought back',
    within: 400,
    rules: ['the life of a service'],
    plant: () =>
      replace<Reconcile>('../../gateway/entitlement/reconcile.ts', ({ differences }) => ({
        differences: (...given) => differences(...given).filter(({ type }) => type !== 'reactivate'),
      })),
  },
  {
    name: 'what is on and nobody owns is left on',
    within: 300,
    rules: ['the life of a service'],
    plant: () =>
      replace<Reconcile>('../../gateway/entitlement/reconcile.ts', ({ differences }) => ({
        differences: (...given) => differences(...given).filter(({ type }) => type !== 'revoke'),
      })),
  },
  {
    name: 'what is brought back is sold once more',
    within: 400,
    rules: ['the life of a service'],
    plant: () =>
      replace<ActivationModule>('../../gateway/activation/activation.ts', ({ newReactivation }) => ({
        newReactivation(order, at) {
          const { origin: _, ...sold } = newReactivation(order, at);
          return sold;
        },
      })),
  },
  {
    name: 'what is given for nothing is given whatever the purchase has given',
    within: 200,
    rules: ['the life of a service'],
    plant: () =>
      replace<Ownership>('../../gateway/entitlement/ownership.ts', () => ({ hasGranted: async () => false })),
  },
  {
    name: 'a manual retry that delivers gives the customer nothing',
    within: 400,
    rules: ['rule 4'],
    plant: () =>
      replace<Grant>('../../gateway/entitlement/grant.ts', ({ grantEntitlement }) => ({
        grantEntitlement: async (transaction, deps, stored, at, source) =>
          source === 'goodwill' || (await grantEntitlement(transaction, deps, stored, at, source)),
      })),
  },
  {
    name: 'a late success is kept in words only',
    within: 200,
    rules: ['the life of a service'],
    plant: () =>
      replace<LateSuccess>('../../gateway/support/late-success.ts', () => ({
        keepLateSuccess: async () => null,
      })),
  },
];

const minuteMs = 60_000;

type Vehicle = Parameters<Configure['receiveCommand']>[0];

function forgetful(vehicle: Vehicle): Vehicle {
  return { ...vehicle, features: vehicle.features.map((feature) => ({ ...feature, version: 0 })) };
}
