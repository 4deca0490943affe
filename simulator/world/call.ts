import type { HttpStep } from './schedule.ts';

/** A request as the faults and the trace know it: by what it means. */
export interface Call {
  readonly step: HttpStep | null;
  /** What it concerns, as far as the request says so. */
  readonly activationId: string | null;
  readonly vin: string | null;
  readonly service: string | null;
  /** For the trace: `POST /vehicle/…/configure`. */
  readonly name: string;
}

const paymentSteps: Readonly<Record<string, HttpStep>> = { capture: 'capture', cancel: 'void' };

/** Reads a request without using up its body. */
export async function callOf(request: Request): Promise<Call> {
  const url = new URL(request.url);
  const parts = url.pathname.split('/').slice(1);
  const name = `${request.method} ${url.pathname}`;
  const none: Call = { step: null, activationId: null, vin: null, service: null, name };
  if (url.pathname === '/oauth/token') return { ...none, step: 'token' };
  if (parts[0] === 'purchases') return { ...none, step: 'purchase' };
  if (parts[0] === 'v1') return { ...none, ...(await paymentCall(request, parts)) };
  if (parts[0] === 'vehicle')
    return { ...none, vin: parts[1] ?? null, ...(await vehicleCall(request, parts)) };
  if (parts[0] === 'callbacks') return { ...none, ...callbackCall(await request.clone().text()) };
  return none;
}

async function paymentCall(request: Request, parts: readonly string[]): Promise<Partial<Call>> {
  const activationId = request.headers.get('idempotency-key')?.split(':')[0] ?? null;
  if (request.method === 'GET') return { activationId };
  if (parts[1] === 'refunds') return { step: 'refund', activationId };
  const step = paymentSteps[parts[3] ?? ''];
  if (step !== undefined) return { step, activationId };
  const description = new URLSearchParams(await request.clone().text()).get('description') ?? '';
  const [service = null, vin = null] = description.split(' for ');
  return { step: 'authorise', activationId, service, vin };
}

async function vehicleCall(request: Request, parts: readonly string[]): Promise<Partial<Call>> {
  if (parts[2] === 'configure') {
    const body = JSON.parse(await request.clone().text()) as {
      reference: string;
      features: readonly { feature: string; target: string }[];
    };
    const [target] = body.features;
    // A revocation is never addressed by a fault of a call: what it is for has ended.
    if (target?.target !== 'active') return {};
    return { step: 'configure', activationId: body.reference };
  }
  if (parts[2] === 'status') return { step: 'status' };
  if (parts[2] === 'health') return { step: 'health' };
  if (parts[2] === 'history') return { step: parts[3] === undefined ? 'history' : 'command' };
  return {};
}

function callbackCall(body: string): Partial<Call> {
  const { command } = JSON.parse(body) as { command: { reference: string; vin: string } };
  return { step: 'callback', activationId: command.reference, vin: command.vin };
}
