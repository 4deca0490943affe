import { fieldsOf } from '../../shared/protocol/json.ts';
import { parseTopic } from '../../shared/protocol/topics.ts';

/** Payloads as a faulty network, or a replay, would bring them. What is no JSON object stays as it is. */
export const damages = {
  /** Cut in the middle: no JSON any more. */
  corrupt_payload: (payload: string) => payload.slice(0, Math.floor(payload.length / 2)),
  /** Of an earlier state: every version one lower. */
  stale_version: (payload: string) =>
    changed(payload, (message) => {
      for (const list of ['features', 'results']) {
        if (Array.isArray(message[list])) message[list] = message[list].map(older);
      }
    }),
  /** Meant for another vehicle. */
  wrong_vin: (payload: string) =>
    changed(payload, (message) => {
      message.vin = message.vin === foreignVin ? otherForeignVin : foreignVin;
    }),
  /** A command that was long on its way: its time is over, by the vehicle's clock and by the true one. */
  expired: (payload: string) =>
    changed(payload, (message) => {
      if (typeof message.expiresAt !== 'number') return;
      message.sentAt = message.expiresAt - dayMs;
      message.expiresAt -= dayMs;
    }),
} as const;
export type Damage = keyof typeof damages;
export const damageTypes = Object.keys(damages) as Damage[];

/** The two example VINs of the standard; no simulated vehicle has them. */
const foreignVin = '1M8GDM9AXKP042788';
const otherForeignVin = '1FACP45EXLF192944';
const dayMs = 86_400_000;

/** Commands, results and statuses: what a fault of the message layer can meet. */
export function isMessage(topic: string): boolean {
  const channel = parseTopic(topic)?.channel;
  return channel !== undefined && channel !== 'telemetry';
}

export function isResult(topic: string): boolean {
  return parseTopic(topic)?.channel === 'result';
}

function changed(payload: string, change: (message: Record<string, unknown>) => void): string {
  const message = fieldsOf(payload);
  if (message === null) return payload;
  change(message);
  return JSON.stringify(message);
}

function older(item: unknown): unknown {
  const version = (item as { version?: unknown } | null)?.version;
  return typeof version === 'number' ? { ...(item as object), version: Math.max(0, version - 1) } : item;
}
