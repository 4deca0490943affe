import type { Telemetry } from '../../shared/protocol/device-messages.ts';
import type { VssType } from './signal-schema.ts';

export type ValueReading =
  | { readonly ok: true; readonly value: Telemetry['signals'][string] }
  /** `write a whole number from 0 to 255` */
  | { readonly ok: false; readonly hint: string };

const safe = Number.MAX_SAFE_INTEGER;
/** Whole numbers of each VSS data type; JSON holds no more of the 64-bit ones. */
const integers: Partial<Readonly<Record<VssType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  uint32: [0, 4_294_967_295],
  int32: [-2_147_483_648, 2_147_483_647],
  uint64: [0, safe],
  int64: [-safe, safe],
};
const textMax = 256;
const itemsMax = 64;
const itemMax = 32;

/** Reads a value of a recorded file as KUKSA writes it: `48`, `true` or Python's `True`, a text, `[P0301, U0140]`. */
export function readRecordedValue(text: string, type: VssType): ValueReading {
  switch (type) {
    case 'boolean':
      if (!/^(true|false)$/i.test(text)) return { ok: false, hint: 'write true or false' };
      return { ok: true, value: text.toLowerCase() === 'true' };
    case 'string':
      if (text.length > textMax) return { ok: false, hint: `write at most ${textMax} characters` };
      return { ok: true, value: text };
    case 'string[]':
      return readList(text);
    default:
      return readNumber(text, integers[type]);
  }
}

function readNumber(text: string, range: readonly [number, number] | undefined): ValueReading {
  const isNumber = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);
  const value = isNumber ? Number(text) : Number.NaN;
  if (range === undefined) {
    return Number.isFinite(value) ? { ok: true, value } : { ok: false, hint: 'write a number' };
  }
  const [min, max] = range;
  if (Number.isInteger(value) && value >= min && value <= max) return { ok: true, value };
  return { ok: false, hint: `write a whole number from ${min} to ${max}` };
}

function readList(text: string): ValueReading {
  const [, inside] = /^\[(.*)\]$/s.exec(text) ?? [];
  if (inside === undefined) return { ok: false, hint: 'write texts in brackets, such as [P0301, U0140]' };
  const items = inside.trim() === '' ? [] : inside.split(',').map((item) => unquoted(item.trim()));
  if (items.length > itemsMax || items.some(({ length }) => length > itemMax)) {
    return { ok: false, hint: `write at most ${itemsMax} texts of at most ${itemMax} characters` };
  }
  return { ok: true, value: items };
}

const unquoted = (text: string) => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
