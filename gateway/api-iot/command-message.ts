import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import { packetMaxBytes, publishPacketBytes } from '../../shared/protocol/broker-limits.ts';
import type { ConfigureCommand } from '../../shared/protocol/device-messages.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { featuresOf } from './command-resource.ts';
import type { CommandRow } from './store/schema.ts';

/** Returns the command as it goes to the vehicle, whose clock judges it: by the wall clock, which is `wallAheadMs` ahead of `now`. */
export function commandMessage(command: CommandRow, now: number, wallAheadMs = 0): ConfigureCommand {
  return {
    id: command.id,
    vin: command.vin,
    features: featuresOf(command),
    sentAt: now + wallAheadMs,
    // After a clock jump the vehicle may have either time: neither may make it refuse a new command.
    expiresAt: command.expires_at + Math.max(0, wallAheadMs),
    ...(command.display === null
      ? {}
      : { display: JSON.parse(command.display) as { receiving: string; applied: string } }),
    ...(command.traceparent === null ? {} : { traceparent: command.traceparent }),
  };
}

const longestInstant = 8_640_000_000_000_000;

/** Returns the bytes of the request's MQTT packet with the longest id, versions and instants that it can get. */
export function requestPacketBytes(
  vin: string,
  { features, display }: ConfigureRequest,
  traceparent: string | undefined,
): number {
  const longest: ConfigureCommand = {
    id: 'x'.repeat(64),
    vin,
    features: features.map(({ parameters, ...feature }) => ({
      ...feature,
      version: Number.MAX_SAFE_INTEGER,
      ...(parameters === undefined ? {} : { parameters }),
    })),
    sentAt: longestInstant,
    expiresAt: longestInstant,
    ...(display === undefined ? {} : { display }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return packetBytes(vin, JSON.stringify(longest));
}

function packetBytes(vin: string, payload: string): number {
  return publishPacketBytes(topics.configure(vin), new TextEncoder().encode(payload).length);
}

/** Whether the broker takes this payload; a row of an older version may hold one that it does not. */
export function fitsInPacket(vin: string, payload: string): boolean {
  // The shortest text that can be too long in bytes; most commands have some hundred characters.
  return payload.length * 3 < packetMaxBytes / 2 || packetBytes(vin, payload) <= packetMaxBytes;
}
