import type { HttpStep } from './test-case.ts';

/** A request as the faults and the trace know it: by what it means. */
export interface Call {
  readonly step: HttpStep | null;
  /** Activation, purchase or vehicle of the request, if it names one. */
  readonly activationId: string | null;
  readonly vin: string | null;
  /** For the trace: `POST /vehicle/…/configure`. */
  readonly name: string;
}

const paymentSteps: Readonly<Record<string, HttpStep>> = { capture: 'capture', cancel: 'void' };

/** Reads path and headers; a body only where there is no other way, because a copy of it costs more than the call. */
export async function callOf(request: Request): Promise<Call> {
  const { pathname } = new URL(request.url);
  const [root, ...parts] = pathname.split('/').slice(1);
  const call: Call = { step: null, activationId: null, vin: null, name: `${request.method} ${pathname}` };
  switch (root) {
    case 'oauth':
      return { ...call, step: 'token' };
    case 'purchases':
      return { ...call, step: parts[1] === 'cancel' ? 'cancel' : 'purchase' };
    case 'tickets':
      return { ...call, step: 'ticket' };
    case 'v1':
      return { ...call, ...paymentCall(request, parts) };
    case 'vehicle':
      return { ...call, ...vehicleCall(request, parts) };
    case 'callbacks':
      // Of the payment service: it is about a payment, and the activation is not in it.
      if (parts[0] === 'payments') return call;
      return { ...call, ...callbackCall(await request.clone().text()) };
    default:
      return call;
  }
}

/** Idempotency-Keys begin with the activation: `{activationId}:{step}` and `{activationId}:{attempt}`. */
function keyOwner(request: Request): string | null {
  return request.headers.get('idempotency-key')?.split(':')[0] ?? null;
}

function paymentCall(request: Request, parts: readonly string[]): Partial<Call> {
  const activationId = keyOwner(request);
  if (request.method === 'GET') return { activationId };
  if (parts[0] === 'refunds') return { step: 'refund', activationId };
  return { step: paymentSteps[parts[2] ?? ''] ?? 'authorise', activationId };
}

const vehicleSteps: Readonly<Record<string, HttpStep>> = { status: 'status', health: 'health' };

function vehicleCall(request: Request, parts: readonly string[]): Partial<Call> {
  const [vin = null, resource = '', commandId] = parts;
  // A revocation's activation is none of the test case's, and what concerns no activation goes well.
  if (resource === 'configure') return { step: 'configure', activationId: keyOwner(request) };
  if (resource === 'history') return { step: commandId === undefined ? 'history' : 'command', vin };
  return { step: vehicleSteps[resource] ?? null, vin };
}

function callbackCall(body: string): Partial<Call> {
  const { command } = JSON.parse(body) as { command: { reference: string; vin: string } };
  return { step: 'callback', activationId: command.reference, vin: command.vin };
}
