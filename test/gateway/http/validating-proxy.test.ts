import { expect, it } from 'vitest';
import { type Bench, configureBody, vin as fleetVin, withApiIot } from '../../helpers/api-iot.ts';
import { order, register, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { type Document, documentCheck } from './document-check.ts';

interface Exchange {
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<string>;
  readonly seen: string[];
  readonly faults: string[];
}

/** What a proxy between a client and the service does: both sides are held against the document. */
function proxy(
  document: Document,
  send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>,
): Exchange {
  const check = documentCheck(document);
  const seen: string[] = [];
  const faults: string[] = [];
  return {
    seen,
    faults,
    async call(method, path, body, headers) {
      if (body !== undefined) faults.push(...check.takes(method, path, body));
      const response = await send(method, path, body, headers);
      const text = await response.text();
      faults.push(...check.answerFaults(method, path, response, text));
      const template = check.operationOf(method, path)?.template ?? path;
      seen.push(`${method} ${template} ${response.status}`);
      return text;
    },
  };
}

async function platformProxy(world: World): Promise<Exchange> {
  const { body: document } = await world.call('GET', '/openapi.json');
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await world.call(method, path, body, headers);
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return new Response(answer.status === 204 ? null : text, {
      status: answer.status,
      headers: answer.headers,
    });
  };
  return proxy(document as Document, send);
}

it('a validating proxy finds nothing in a journey from registration to erasure', () =>
  withPlatform(async (world) => {
    await register(world);
    const { call, seen, faults } = await platformProxy(world);
    const json = async (...given: Parameters<typeof call>) =>
      JSON.parse(await call(...given)) as {
        id: string;
        activation: { id: string };
        tickets: { id: string }[];
      };
    await call('PUT', '/customers/auth0%7C507f', {
      name: 'Bo',
      email: 'bo@b\u00fccher.example',
      pushSubscription: null,
    });
    await call('PUT', `/vehicles/${vin}`, { model: 'aurora-2026', modelName: 'Aurora', customerId: 'ana' });
    await call('GET', '/catalogue');
    const active = await json('POST', '/purchases', order, { 'idempotency-key': 'key-1' });
    await call('POST', '/purchases', order, { 'idempotency-key': 'key-1' });
    await call('POST', '/purchases', order);
    await world.engine.deliver(active.activation.id);
    const failed = await json('POST', '/purchases', {
      ...order,
      serviceId: 'remote-start',
      duration: { unit: 'months', count: 1 },
    });
    await world.engine.reject(failed.activation.id);
    world.engine.payment = 'declined';
    await call('POST', '/purchases', { ...order, serviceId: 'range-boost' });
    for (const path of [
      '',
      `/${active.id}`,
      `/${failed.id}`,
      `/${active.id}/record`,
      `/${failed.id}/record?view=customer`,
      `/${failed.id}/record/export`,
      `/${failed.id}/record/export?format=html`,
    ])
      await call('GET', `/purchases${path}`);
    for (const path of [
      '/activations',
      `/activations/${failed.activation.id}`,
      `/vehicles/${vin}`,
      '/customers/ana',
      '/customers/ana/personal-data',
      '/notices?status=dead',
      '/settlements?status=unsettled',
      '/metrics',
      '/healthz',
      '/readyz',
    ])
      await call('GET', path);
    const [ticket] = (await json('GET', '/tickets')).tickets;
    const at = `/tickets/${ticket?.id}`;
    const by = 'technician-1';
    await call('GET', at);
    await call('POST', `${at}/assign`, { by, technician: by });
    await call('POST', `${at}/start`, { by });
    await call('POST', `${at}/inspection`, {
      by,
      workshop: 'North',
      appointmentAt: 1_900_000_000_000,
      reason: 'cable',
    });
    await call('POST', `${at}/close`, { by });
    await call('POST', `${at}/resolve`, {
      by,
      resolution: 'service_appointment',
      workshop: 'North',
      appointmentAt: 1_900_000_000_000,
    });
    await call('POST', `/purchases/${active.id}/cancel`);
    await call('DELETE', '/customers/ana/personal-data');
    await call('DELETE', '/customers/auth0%7C507f/personal-data');
    await call('GET', '/catalogue', undefined, { authorization: 'Bearer garbage' });
    await call('GET', '/purchases/pur_0');
    expect(faults).toEqual([]);
    expect(new Set(seen)).toEqual(
      new Set([
        'PUT /customers/{id} 201',
        'PUT /vehicles/{vin} 200',
        'GET /catalogue 200',
        'POST /purchases 201',
        'POST /purchases 409',
        'POST /purchases 402',
        'GET /purchases 200',
        'GET /purchases/{id} 200',
        'GET /purchases/{id}/record 200',
        'GET /purchases/{id}/record/export 200',
        'GET /activations 200',
        'GET /activations/{id} 200',
        'GET /vehicles/{vin} 200',
        'GET /customers/{id} 200',
        'GET /customers/{id}/personal-data 200',
        'GET /notices 200',
        'GET /settlements 200',
        'GET /metrics 200',
        'GET /healthz 200',
        'GET /readyz 200',
        'GET /tickets 200',
        'GET /tickets/{id} 200',
        'POST /tickets/{id}/assign 200',
        'POST /tickets/{id}/start 200',
        'POST /tickets/{id}/inspection 200',
        'POST /tickets/{id}/close 409',
        'POST /tickets/{id}/resolve 200',
        'POST /purchases/{id}/cancel 200',
        'DELETE /customers/{id}/personal-data 409',
        'DELETE /customers/{id}/personal-data 200',
        'GET /catalogue 401',
        'GET /purchases/{id} 404',
      ]),
    );
  }));

async function apiIotProxy(bench: Bench): Promise<Exchange> {
  const document = (await (await bench.call('GET', '/openapi.json')).json()) as Document;
  return proxy(document, (method, path, body, headers = {}) => bench.call(method, path, { body, headers }));
}

it('a validating proxy finds no violation in all requests of a command at the API IoT', () =>
  withApiIot(async (bench) => {
    const { call, seen, faults } = await apiIotProxy(bench);
    const at = `/vehicle/${fleetVin}`;
    await call('POST', '/provisioning/vehicles', {
      vehicles: [{ vin: fleetVin, model: 'alpha', credentialDigest: 'a'.repeat(64) }],
    });
    await bench.status({
      model: 'alpha',
      features: [{ feature: 'heated_seats', state: 'dormant', version: 0 }],
    });
    for (let count = 0; count < 11; count += 1)
      await call('POST', `${at}/configure`, configureBody, {
        'idempotency-key': `key-${count}`,
        prefer: 'wait=0',
      });
    await call('POST', `${at}/configure`, configureBody, { 'idempotency-key': 'key-1' });
    await bench.clock.advance(0);
    const [command] = bench.commands();
    if (command) await bench.answer(command);
    for (const path of [
      'status',
      'health',
      'history',
      'history?limit=1',
      `history/${command?.id}`,
      'history/cmd_0',
    ])
      await call('GET', `${at}/${path}`);
    await call('POST', `${at}/configure`, {
      ...configureBody,
      features: [{ feature: 'wings', target: 'active' }],
    });
    await bench.clock.advance(3_600_000);
    expect(faults).toEqual([]);
    expect([...new Set(seen)]).toEqual([
      'POST /provisioning/vehicles 200',
      'POST /vehicle/{vin}/configure 202',
      'POST /vehicle/{vin}/configure 429',
      'GET /vehicle/{vin}/status 200',
      'GET /vehicle/{vin}/health 200',
      'GET /vehicle/{vin}/history 200',
      'GET /vehicle/{vin}/history/{commandId} 200',
      'GET /vehicle/{vin}/history/{commandId} 404',
      'POST /vehicle/{vin}/configure 409',
    ]);
  }));
