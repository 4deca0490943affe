import { Hono } from 'hono';

/** An API IoT in the style of the shipped adapter `connected-vehicle`. */
export function connectedVehicleApi() {
  const api = {
    /** Invoke statuses in order, a status of HTTP, or `lost`; the last one repeats. */
    script: ['COMPLETED'] as (string | number)[],
    commands: [] as string[],
    keys: new Set<string | undefined>(),
  };
  const app = new Hono();
  app.post('/oauth/token', (context) => context.json({ access_token: 'token', expires_in: 1_800 }));
  app.use('/connected-vehicle/*', async (context, next) => {
    api.keys.add(context.req.header('vcc-api-key'));
    await next();
  });
  const vehicle = '/connected-vehicle/v2/vehicles/:vin';
  app.get(vehicle, (context) =>
    context.json({ data: { vin: context.req.param('vin'), descriptions: { model: 'XC40' } } }),
  );
  app.get(`${vehicle}/command-accessibility`, (context) =>
    context.json({ data: { availabilityStatus: { value: 'AVAILABLE' } } }),
  );
  app.post(`${vehicle}/commands/:command`, (context) => {
    const { vin, command } = context.req.param();
    const step = (api.script.length > 1 ? api.script.shift() : api.script[0]) ?? 'COMPLETED';
    api.commands.push(command);
    if (step === 'lost') throw new Error('cut');
    if (typeof step === 'number') {
      const error = { message: `HTTP_${step}`, description: 'the vehicle has no such command' };
      return context.json({ error }, step as 404);
    }
    return context.json({
      data: { vin, invokeStatus: step, message: step === 'COMPLETED' ? '' : 'not now' },
    });
  });
  app.onError((error) => {
    throw error;
  });
  return Object.assign(api, { fetch: async (request: Request) => app.fetch(request) });
}
