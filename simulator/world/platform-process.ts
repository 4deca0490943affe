import { activationEngine, type EngineDeps } from '../../gateway/engine/engine.ts';
import { eventRelay } from '../../gateway/engine/event-relay.ts';
import { vehicleApi } from '../../gateway/engine/vehicle-api.ts';
import { reconciler } from '../../gateway/entitlement/reconciler.ts';
import { noticeDispatcher } from '../../gateway/notifications/dispatcher.ts';
import { insertNotices } from '../../gateway/notifications/notice-insertion.ts';
import { stripePayments } from '../../gateway/payments/stripe-payments.ts';
import { platform } from '../../gateway/platform/app.ts';
import { newChanges } from '../../gateway/platform/changes.ts';
import { platformScopes } from '../../gateway/platform/scopes.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { alwaysOnDuty } from '../../gateway/support/roster.ts';
import { standardSupport } from '../../gateway/support/support-settings.ts';
import { noteOnTicket, openTicket, resolveByRetry } from '../../gateway/support/ticket-desk.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import { origins, secretsOfTheWorld } from './figures.ts';
import type { PlatformFigures } from './platform-figures.ts';
import type { PlatformPorts } from './process-ports.ts';
import { shippedTemplates } from './shipped-files.ts';
import type { Tampers } from './tampers.ts';

const contact = 'support@caas.example';
const timeoutMs = 10_000;

/** Platform API, engine, notices and event relay in one process, wired as gateway/live/platform-role.ts does it. */
export async function bootPlatform(
  given: PlatformPorts,
  figures: PlatformFigures,
  tampers: Tampers = {},
): Promise<Http> {
  const ports = tampers.platform?.(given) ?? given;
  const tamper = tampers.engine ?? ((deps: EngineDeps) => deps);
  const { clock, ids, secrets, log, database, bus, http } = ports;
  const { catalogue } = figures;
  const changes = newChanges();
  const notices = noticeDispatcher({
    ...ports,
    render: shippedTemplates(),
    settings: figures.dispatch,
    onRecorded: () => onRecorded(),
  });
  const relay = eventRelay({ database, bus, clock, log });
  const onRecorded = () => {
    relay.wake();
    changes.notify();
  };
  const roster = alwaysOnDuty(['technician-1', 'technician-2', 'technician-3']);
  const ticketDeps = { ids, settings: standardSupport(roster) };
  const noticeDeps = { ids, settings: { contact, webUrl: origins.platform } };
  const vehicles = vehicleApi({
    http,
    clock,
    origin: origins.apiIot,
    credentials: {
      tokenUrl: `${origins.apiIot}/oauth/token`,
      clientId: 'engine',
      clientSecret: secretsOfTheWorld.engine,
      scope: 'vehicle:configure vehicle:read',
    },
  });
  const onCommitted = (mayHaveNotices: boolean) => {
    if (mayHaveNotices) notices.wake();
    onRecorded();
  };
  const engine = activationEngine(
    tamper({
      ...ports,
      catalogue,
      modelOf: (vin) => modelOf(database, vin),
      callbackUrl: `${origins.platform}/callbacks/api-iot`,
      reservedQuota: 2,
      settings: figures.engine,
      vehicles,
      payments: stripePayments({
        http,
        clock,
        log,
        origin: origins.payments,
        apiKey: secretsOfTheWorld.payments,
        timeoutMs,
      }),
      openTicket: (transaction, { activation }, diagnostics, at) =>
        openTicket(transaction, ticketDeps, activation, diagnostics, at),
      resolveTicket: (transaction, { activation }, at) =>
        resolveByRetry(transaction, { ids, notices: noticeDeps.settings }, activation, at),
      noteOnTicket: (transaction, id, text, at) => noteOnTicket(transaction, { ids }, id, text, at),
      insertNotices: (transaction, { activation }, facts) =>
        insertNotices(transaction, noticeDeps, activation, facts),
      onCommitted,
    }),
  );
  const app = platform({
    ...ports,
    engine,
    catalogue,
    changes,
    desk: {
      settings: ticketDeps.settings,
      notices: noticeDeps.settings,
      onRecorded() {
        notices.wake();
        onRecorded();
      },
    },
    config: {
      origin: origins.platform,
      callbackSecret: secretsOfTheWorld.callbacks,
      clients: [
        {
          clientId: 'buyer',
          secretDigest: secrets.digest(secretsOfTheWorld.buyer),
          scopes: Object.keys(platformScopes),
        },
      ],
    },
  });
  notices.start();
  relay.wake();
  await engine.start();
  const { reconcileEveryMs: everyMs } = figures;
  if (everyMs !== undefined) {
    const begin = (id: string) => engine.begin(id);
    reconciler({ ...ports, catalogue, vehicles, everyMs, begin, onCommitted }).start();
  }
  return (request) => app.fetch(request);
}

async function modelOf(database: Database<PlatformSchema>, vin: string): Promise<string> {
  const row = await database.reader
    .selectFrom('vehicles')
    .select('model')
    .where('vin', '=', vin)
    .executeTakeFirstOrThrow();
  return row.model;
}
