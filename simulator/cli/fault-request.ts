import { givenText } from '../../shared/protocol/address.ts';
import { durationOfText } from '../../shared/protocol/duration-text.ts';
import { layerOf } from '../faults/fault.ts';
import { UsageError } from './exit.ts';
import { fieldsOfSet } from './set-option.ts';

export interface FaultFlags {
  readonly name?: string;
  readonly set?: readonly string[];
  readonly stream?: string;
  readonly toxicity?: string;
  readonly vin?: readonly string[];
  readonly model?: readonly string[];
  readonly region?: readonly string[];
  readonly share?: string;
  readonly state?: string;
  readonly mode?: string;
  readonly value?: string;
  readonly service?: string;
  readonly method?: string;
  readonly path?: string;
  readonly purchase?: string;
  readonly recipient?: string;
  readonly after?: string;
  readonly for?: string;
  readonly every?: string;
  readonly from?: string;
  readonly first?: string;
}

/** The record that flags describe; whether it can be is for the schema to say. */
export function faultOfFlags(type: string, flags: FaultFlags): object {
  const layer = layerOf(type);
  const { name = type, stream, service, method, path, recipient } = flags;
  const isOfService = layer === 'services';
  return present({
    name,
    layer,
    type,
    stream,
    toxicity: shareOf('--toxicity', flags.toxicity),
    attributes: flags.set && fieldsOfSet(flags.set),
    target: isOfService
      ? present({ service, method, path, purchase: numberOf('--purchase', flags.purchase), recipient })
      : vehicleTarget(flags),
    schedule: some({
      afterMs: msOf('--after', flags.after),
      forMs: msOf('--for', flags.for),
      everyMs: msOf('--every', flags.every),
      from: numberOf('--from', flags.from),
      first: numberOf('--first', flags.first),
    }),
  });
}

function vehicleTarget(flags: FaultFlags): object | undefined {
  const { vin: vins, model: models, region: regions, state, mode } = flags;
  const selector = some({ vins, models, regions, share: shareOf('--share', flags.share), state });
  return some({ mode, value: numberOf('--value', flags.value), selector });
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new UsageError(`${flag} takes a number, not ${givenText(text)}`);
}

/** A duration with its unit, or milliseconds. */
function msOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = durationOfText(text) ?? (text.trim() === '' ? Number.NaN : Number(text));
  if (Number.isFinite(ms)) return ms;
  throw new UsageError(
    `${flag} takes a duration such as 30s or "45 min", or milliseconds, not ${givenText(text)}`,
  );
}

/** A percentage, or a number from 0 to 1. */
function shareOf(flag: string, text: string | undefined): number | undefined {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text ?? '') ?? [];
  if (percent !== undefined) return Number(percent) / 100;
  if (text === undefined || (text.trim() !== '' && Number.isFinite(Number(text))))
    return numberOf(flag, text);
  throw new UsageError(
    `${flag} takes a number from 0 to 1, or a percentage such as 3%, not ${givenText(text)}`,
  );
}

function present(fields: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Undefined without a field. */
function some(fields: Record<string, unknown>): object | undefined {
  const all = present(fields);
  return Object.keys(all).length > 0 ? all : undefined;
}
