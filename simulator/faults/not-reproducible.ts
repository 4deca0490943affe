/** Faults that people know by name and that cannot be had here, each with the reason and what to do instead. */
const reasons: Readonly<Record<string, string>> = {
  slicer:
    'an MQTT message is handed over whole, so cutting the stream shows nothing; use latency or bandwidth',
  nats_restart:
    'the bus is not in the hands of a fault; end nats-server yourself, or draw it with "fleetwake check"',
  nats_wiped: 'the bus is not in the hands of a fault; "fleetwake check" draws it',
  broker_restart: 'the broker is in the gateway; restart that, or draw it with "fleetwake check"',
  gateway_crash:
    'a process cannot be told to die and be judged by itself; "npm run chaos" and "fleetwake check" kill it',
  smtp_down: 'no fault reaches the mail server yet; point SMTP_URL at a port where nothing listens',
  push_down: 'no fault reaches the push service yet; "fleetwake check" draws it',
};

/** Why a fault of this type is refused; null for a type that nobody knows. */
export function whyNotReproducible(type: unknown): string | null {
  return (typeof type === 'string' ? reasons[type] : undefined) ?? null;
}
