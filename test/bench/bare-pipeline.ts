import { serve } from '@hono/node-server';
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Hono } from 'hono';
import Stripe from 'stripe';
import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import { BetterSqlite3 } from '../../shared/sql/better-sqlite3.ts';
import { type BareCallback, bareApiIot } from './bare-api-iot.ts';
import { agent, sendJson } from './bare-http.ts';
import { type BareNoticesOptions, bareNotices } from './bare-notices.ts';

export interface BareCustomer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly pushSubscription: unknown;
}

export interface BareOptions extends Omit<BareNoticesOptions, 'from'> {
  readonly databasePath: string;
  readonly paymentsUrl: string;
  readonly paymentsKey: string;
  readonly natsUrl: string;
  readonly customers: readonly BareCustomer[];
}

interface Purchase {
  readonly customerId: string;
  readonly vin: string;
  readonly serviceId: string;
  readonly paymentMethod: string;
}

interface Row extends Purchase {
  readonly id: string;
  readonly paymentId: string;
  readonly status: 'authorised' | 'active' | 'captured';
}

const price = { amount: 1_490, currency: 'eur' };
/** As the product's engine: so many activations are worked on at once. */
const concurrency = 256;
const stream = 'BARE';
const durable = 'bare';

/** One row a purchase, as durable as the product's: write-ahead log, an fsync a commit. */
function openRows(path: string) {
  const database = new BetterSqlite3(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`create table purchases (id text not null primary key, customerId text not null, vin text not null,
    serviceId text not null, paymentMethod text not null, paymentId text not null, status text not null) strict`);
  const insert = database.prepare(
    'insert into purchases values (@id, @customerId, @vin, @serviceId, @paymentMethod, @paymentId, @status)',
  );
  const update = database.prepare('update purchases set status = ? where id = ?');
  const select = database.prepare<[string], Row>('select * from purchases where id = ?');
  return {
    insert: (row: Row) => insert.run(row),
    mark: (id: string, status: Row['status']) => update.run(status, id),
    find(id: string): Row {
      const row = select.get(id);
      if (!row) throw new Error(`there is no purchase ${id}`);
      return row;
    },
    close: () => database.close(),
  };
}

async function openStream(natsUrl: string) {
  const { username, password, host } = new URL(natsUrl);
  const connection = await connect({ servers: host, user: username, pass: password });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: stream,
    subjects: ['bare.>'],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
  });
  await manager.consumers.add(stream, {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: -1,
  });
  return { connection, client: jetstream(connection) };
}

function openPayments({ paymentsUrl, paymentsKey }: BareOptions) {
  const { hostname, port } = new URL(paymentsUrl);
  const stripe = new Stripe(paymentsKey, {
    protocol: 'http',
    host: hostname,
    port,
    httpAgent: agent,
    maxNetworkRetries: 1,
    telemetry: false,
  });
  return {
    async authorise(id: string, { vin, serviceId, paymentMethod }: Purchase): Promise<string> {
      const intent = await stripe.paymentIntents.create(
        {
          ...price,
          payment_method: paymentMethod,
          allowed_payment_method_types: ['card'],
          capture_method: 'manual',
          confirm: true,
          error_on_requires_action: true,
          description: `${serviceId} for ${vin}`,
          metadata: { activation_id: id },
          expand: ['latest_charge'],
        },
        { idempotencyKey: `${id}:authorise` },
      );
      return intent.id;
    },
    capture: (id: string, paymentId: string) =>
      stripe.paymentIntents.capture(paymentId, {}, { idempotencyKey: `${id}:capture` }),
  };
}

/**
 * The same hops as the product's on the same libraries, written as a good engineer would write them first, without the
 * rules: purchase by HTTP, authorisation, SQLite row, JetStream, configure by HTTP, MQTT to the vehicle and back, callback
 * by HTTP, capture, and the same three notifications by mail and push. Nothing is retried, checked, recorded or published.
 */
export async function startBarePipeline(options: BareOptions) {
  const rows = openRows(options.databasePath);
  const payments = openPayments(options);
  const { connection, client } = await openStream(options.natsUrl);
  const notices = bareNotices({ ...options, from: 'CaaS <no-reply@caas.example>' });
  const apiIot = await bareApiIot();
  const apiIotServer = await listen(apiIot.app);
  const customers = new Map(options.customers.map((customer) => [customer.id, customer]));
  let last = 0;

  function tell(row: Omit<Row, 'status'>, kind: Parameters<typeof notices.send>[1]): void {
    const customer = customers.get(row.customerId);
    if (!customer) throw new Error(`there is no customer ${row.customerId}`);
    const sending = notices.send(row.id, kind, {
      language: 'en',
      to: customer.email,
      subscription: JSON.stringify(customer.pushSubscription),
      customerName: customer.name,
      serviceName: row.serviceId,
      vehicleModel: 'Borealis 2026',
      duration: '1 month',
      amount: '14.90 EUR',
      capture: 'on_delivery',
      timestamp: new Date().toISOString(),
      ticketId: null,
      contact: 'support@caas.example',
      link: `${platform.origin}/purchases/${row.id}`,
    });
    sending.catch((error: unknown) => console.error(String(error)));
  }

  const app = new Hono();
  app.post('/purchases', async (context) => {
    const purchase = await context.req.json<Purchase>();
    last += 1;
    const id = `bare_${last}`;
    const paymentId = await payments.authorise(id, purchase);
    const { customerId, vin, serviceId, paymentMethod } = purchase;
    const row: Row = { id, customerId, vin, serviceId, paymentMethod, paymentId, status: 'authorised' };
    rows.insert(row);
    tell(row, 'payment_confirmed');
    await client.publish(`bare.${id}`, id);
    return context.json({ id, status: row.status }, 201);
  });
  app.post('/callbacks', async (context) => {
    const { reference, applied } = await context.req.json<BareCallback>();
    if (!applied) throw new Error(`${reference} was not applied`);
    const row = rows.find(reference);
    rows.mark(row.id, 'active');
    tell(row, 'activation_successful');
    void capture(row).catch((error: unknown) => console.error(String(error)));
    return context.body(null, 204);
  });
  const platform = await listen(app);

  async function capture({ id, paymentId }: Row): Promise<void> {
    await payments.capture(id, paymentId);
    rows.mark(id, 'captured');
  }

  async function configure(id: string): Promise<void> {
    const row = rows.find(id);
    const request: ConfigureRequest = {
      reference: id,
      features: [{ feature: row.serviceId.replaceAll('-', '_'), target: 'active' }],
      display: { receiving: 'Receiving configuration', applied: 'Feature enabled' },
      callbackUrl: `${platform.origin}/callbacks`,
    };
    tell(row, 'activation_started');
    await sendJson(`${apiIotServer.origin}/vehicle/${row.vin}/configure`, request);
  }

  const consumer = await client.consumers.get(stream, durable);
  const messages = await consumer.consume({
    max_messages: concurrency,
    callback(message) {
      configure(message.string()).then(
        () => message.ack(),
        (error: unknown) => console.error(String(error)),
      );
    },
  });

  return {
    origin: platform.origin,
    mqttUrl: apiIot.mqttUrl,
    async stop() {
      await messages.close();
      await platform.close();
      await apiIotServer.close();
      await apiIot.close();
      await connection.close();
      notices.close();
      rows.close();
    },
  };
}

function listen(app: Hono): Promise<{ origin: string; close(): Promise<void> }> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          if ('closeAllConnections' in server) server.closeAllConnections();
        });
      resolve({ origin: `http://127.0.0.1:${port}`, close });
    });
  });
}
