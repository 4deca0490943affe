import type { Registry } from 'prom-client';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import type { MoneyDecision } from '../activation/settlement.ts';
import { newApp } from '../http/app.ts';
import type { App } from '../http/app-env.ts';
import { newAuthenticator } from '../http/authenticate.ts';
import type { ProblemError } from '../http/problem.ts';
import { requestFigures } from '../http/request-figures.ts';
import { mountOAuth } from '../oauth/mount.ts';
import { mountActivations } from './activation-routes.ts';
import { mountCallbacks } from './callback-route.ts';
import { mountCancelling } from './cancel-route.ts';
import { mountCatalogue } from './catalogue-route.ts';
import { findCustomer } from './customer.ts';
import type { PlatformDeps } from './deps.ts';
import { mountEvents } from './event-stream.ts';
import { mountEventTickets } from './event-ticket.ts';
import { mountIncidents } from './incident-route.ts';
import { mountMetrics, newMetrics } from './metrics.ts';
import { mountOpenVehicles } from './open-vehicles-route.ts';
import { mountOperations } from './operation-routes.ts';
import { mountOverview } from './overview-route.ts';
import { mountParkedWork } from './parked-routes.ts';
import { mountPaymentCallbacks } from './payment-callback-route.ts';
import { mountPersonalData } from './personal-data-routes.ts';
import { purchaseAdmission } from './purchase-admission.ts';
import { mountPurchaseReads } from './purchase-reads.ts';
import { mountPurchasing } from './purchase-route.ts';
import { mountReadiness } from './readiness.ts';
import { mountRecords } from './record-routes.ts';
import { mountRegisters } from './register-routes.ts';
import { mountRegistrations, registrationsBodyBytes, registrationsPath } from './registration-batch.ts';
import { mountRequeue } from './requeue-route.ts';
import { mountRestore } from './restore-routes.ts';
import { type PlatformScope, platformAudience, platformScopes, roleScopes } from './scopes.ts';
import { mountSettlements } from './settlement-route.ts';
import { mountTicketCommands } from './ticket-commands.ts';
import { mountTickets } from './ticket-routes.ts';

export interface Platform {
  fetch(request: Request): Promise<Response>;
  /** Returns the refusal of a purchase under overload, before there is a request; null: `fetch` answers it. */
  shed(method: string, target: string): ProblemError | null;
  readonly metrics: Registry;
  /** Ends the event streams, so that a server can drain; their clients come back with Last-Event-ID. */
  stop(): void;
}

/** A browser or a phone holds it, and it can't be withdrawn. */
const customerTokenSeconds = 900;

function mountTokens(app: App, deps: PlatformDeps) {
  const { tokens, secrets, clock, ids, log, config, database } = deps;
  const customerScopes = roleScopes.customer;
  const audience = platformAudience;
  mountOAuth(
    app,
    {
      tokens,
      secrets,
      clock,
      ids,
      log,
      issuer: config.origin,
      audience,
      clients: config.clients,
      exchange: {
        actScope: 'customers:act' satisfies PlatformScope,
        customerScopes,
        isCustomer: async (id) =>
          customerIdSchema.safeParse(id).success &&
          (await findCustomer(database.reader, id))?.erased_at === null,
        lifeSeconds: customerTokenSeconds,
      },
    },
    platformScopes,
  );
  return newAuthenticator({ tokens, clock, log, audience, roleScopes });
}

const disputeDeps = ({
  database,
  ids,
  catalogue,
  log,
  desk,
  engine,
  restore: { payments },
}: PlatformDeps) => ({
  ...{ database, ids, catalogue, log, payments, notices: desk.notices },
  settle: (id: string, event: MoneyDecision) => engine.settle(id, event),
});

/** The platform API: registers, catalogue, purchases, and everything that can be read of what became of them. */
export function platform(deps: PlatformDeps): Platform {
  const requests = requestFigures({ ...deps, service: 'platform' });
  const { pages } = deps;
  const app = newApp({
    log: deps.log,
    observe: requests.observe,
    title: 'Fleetwake platform API',
    version: '1',
    description: 'Services are bought here for vehicles; the engine activates them.',
    allowedOrigins: deps.config.allowedOrigins ?? [],
    ...(pages && {
      loggedPath: pages.loggedPath,
      pageOf: (context, error) => pages.refusal(context, error, deps),
    }),
    largerBodies: { [registrationsPath]: registrationsBodyBytes },
  });
  const { purchasesMax } = deps.config;
  const admission = purchaseAdmission({
    ...deps,
    ...(purchasesMax === undefined ? {} : { max: purchasesMax }),
  });
  const metrics = newMetrics({ ...deps, admission, others: [requests.metric, ...(deps.otherMetrics ?? [])] });
  const authenticator = mountTokens(app, deps);
  mountRegisters(app, deps, authenticator);
  mountRegistrations(app, deps, authenticator);
  mountPersonalData(app, deps, authenticator);
  mountCatalogue(app, deps.catalogue, authenticator);
  mountPurchasing(app, { ...deps, metrics, admission }, authenticator);
  mountPurchaseReads(app, deps, authenticator);
  mountRecords(app, deps, authenticator);
  mountCancelling(app, deps, authenticator);
  mountActivations(app, deps, authenticator);
  mountTickets(app, deps, authenticator);
  mountTicketCommands(app, deps, authenticator);
  mountOperations(app, deps, authenticator);
  mountOverview(app, deps, authenticator);
  mountOpenVehicles(app, deps, authenticator);
  mountParkedWork(app, deps, authenticator);
  mountIncidents(app, deps, authenticator);
  mountRequeue(app, deps, authenticator);
  mountEventTickets(app, deps, authenticator);
  mountSettlements(app, { ...deps, disputes: disputeDeps(deps) }, authenticator);
  mountRestore(app, deps, authenticator);
  mountPaymentCallbacks(app, { ...deps, metrics, disputes: disputeDeps(deps) });
  const streams = mountEvents(app, { ...deps, metrics }, authenticator);
  mountCallbacks(app, { ...deps, metrics });
  pages?.mount(app, deps);
  mountMetrics(app, deps, metrics, authenticator);
  mountReadiness(app, deps, deps.config.salesStops ?? (() => []));
  return {
    fetch: async (request) => app.fetch(request),
    shed: (method, target) => (method === 'POST' && target === '/purchases' ? admission.refusal() : null),
    metrics: metrics.registry,
    stop: streams.stop,
  };
}
