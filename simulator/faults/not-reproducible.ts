/** Faults that people know by name and that cannot be had here, each with the reason and what to do instead. */
const reasons: Readonly<Record<string, string>> = {
  slicer:
    'an MQTT message is handed over whole, so cutting the stream shows nothing; use latency or bandwidth',
  nats_restart:
    'the bus is not on the way of a vehicle or a request; a scenario has it as nats_down in faults.parts',
  nats_wiped: 'the bus is not on the way of a vehicle or a request; a scenario has it in faults.parts',
  broker_restart: 'the broker is part of the gateway; a scenario has it in faults.parts',
  gateway_crash:
    'no process can die and be judged by itself; a scenario has it in faults.parts, also with --live',
  gateway_stop: 'the processes of the gateway are its own; a scenario has it in faults.parts',
  crash_at_call: 'the calls of this process are not counted; a scenario has it in faults.parts',
  crash_at_step: 'steps of a process are known in virtual time only; a scenario has it in faults.parts',
};

/** Returns why a fault of this type is refused; null for an unknown type. */
export function whyNotReproducible(type: unknown): string | null {
  return (typeof type === 'string' ? reasons[type] : undefined) ?? null;
}
