import { verifyCallback } from '../../gateway/http/webhook-signature.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { SeenTicketEvent } from '../reports/evidence.ts';

export interface TicketSystemDeps {
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** The secret that signs the platform's ticket webhook. */
  readonly secret: string;
}

/** The outside ticket system of a virtual system: verifies and keeps each event that the platform's webhook sends. */
export function ticketSystem({ clock, secrets, secret }: TicketSystemDeps) {
  const events: SeenTicketEvent[] = [];
  return {
    events: (): readonly SeenTicketEvent[] => events,
    async fetch(request: Request): Promise<Response> {
      const body = await request.text();
      const verdict = verifyCallback({ secret, secrets, now: clock.now() }, request.headers, body);
      if (!verdict.ok) return new Response(null, { status: 401 });
      const { type } = JSON.parse(body) as { type: string };
      events.push({ at: clock.now(), id: verdict.id, type });
      return new Response(null, { status: 204 });
    },
  };
}
