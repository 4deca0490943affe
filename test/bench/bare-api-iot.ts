import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { Hono } from 'hono';
import { connectAsync } from 'mqtt';
import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import type { CommandResult, ConfigureCommand } from '../../shared/protocol/device-messages.ts';
import { sendJson } from './bare-http.ts';

/** What the bare callback says. */
export interface BareCallback {
  readonly reference: string;
  readonly applied: boolean;
}

/** An API IoT without quota, twin, history or credentials: a request becomes an MQTT command, a result becomes a callback. */
export async function bareApiIot() {
  const broker = await Aedes.createBroker({ concurrency: 10_000, queueLimit: 10_000 });
  const sockets = createServer(broker.handle);
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  const address = sockets.address();
  const mqttUrl = `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const mqtt = await connectAsync(mqttUrl, { protocolVersion: 4, clientId: 'api-iot' });
  const commands = new Map<string, ConfigureRequest>();
  let lastCommand = 0;

  mqtt.on('message', (_topic, payload) => {
    const { commandId, results } = JSON.parse(payload.toString()) as CommandResult;
    const request = commands.get(commandId);
    if (!request?.callbackUrl || !commands.delete(commandId)) return;
    const applied = results.every((result) => result.outcome === 'applied');
    const callback: BareCallback = { reference: request.reference, applied };
    void sendJson(request.callbackUrl, callback).catch((error: unknown) => console.error(String(error)));
  });
  await mqtt.subscribeAsync('vehicles/+/evt/result', { qos: 1 });

  const app = new Hono();
  app.post('/vehicle/:vin/configure', async (context) => {
    const vin = context.req.param('vin');
    const request = await context.req.json<ConfigureRequest>();
    lastCommand += 1;
    const id = `cmd_${lastCommand}`;
    const now = Date.now();
    const command: ConfigureCommand = {
      id,
      vin,
      features: request.features.map((feature) => ({ ...feature, version: 1 })),
      sentAt: now,
      expiresAt: now + 300_000,
      ...(request.display ? { display: request.display } : {}),
    };
    commands.set(id, request);
    await mqtt.publishAsync(`vehicles/${vin}/cmd/configure`, JSON.stringify(command), { qos: 1 });
    return context.json({ id, state: 'accepted' }, 202);
  });
  return {
    app,
    mqttUrl,
    async close() {
      await mqtt.endAsync();
      await new Promise<void>((resolve) => broker.close(resolve));
      sockets.close();
    },
  };
}
