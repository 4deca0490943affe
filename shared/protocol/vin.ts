import { z } from 'zod';

/**
 * A vehicle identification number: the 17 characters of ISO 3779. That its last four or five are digits is a rule of
 * 49 CFR 565 for most vehicles made for the United States; small makers elsewhere use letters there, so it is not asked for.
 */
const shape = /^[0-9A-HJ-NPR-Z]{17}$/;
const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const values: Readonly<Record<string, number>> = {
  A: 1,
  B: 2,
  C: 3,
  D: 4,
  E: 5,
  F: 6,
  G: 7,
  H: 8,
  J: 1,
  K: 2,
  L: 3,
  M: 4,
  N: 5,
  P: 7,
  R: 9,
  S: 2,
  T: 3,
  U: 4,
  V: 5,
  W: 6,
  X: 7,
  Y: 8,
  Z: 9,
}; // prettier-ignore

export function hasVinShape(text: string): boolean {
  return shape.test(text);
}

/** The check digit that belongs at position 9 (49 CFR 565): `0`-`9` or `X`. */
export function vinCheckDigit(vin: string): string {
  let sum = 0;
  for (let index = 0; index < 17; index += 1) {
    const character = vin[index] ?? '0';
    sum += (weights[index] ?? 0) * (values[character] ?? Number(character));
  }
  const remainder = sum % 11;
  return remainder === 10 ? 'X' : String(remainder);
}

export function hasValidCheckDigit(vin: string): boolean {
  return hasVinShape(vin) && vin[8] === vinCheckDigit(vin);
}

/**
 * A VIN with a correct check digit. `prefix` is WMI and VDS without the check digit (8 characters), `plant` the model
 * year and plant (2), `serial` fills the last six digits.
 */
export function makeVin(prefix: string, plant: string, serial: number): string {
  const body = `${prefix}0${plant}${String(serial).padStart(6, '0')}`;
  return `${prefix}${vinCheckDigit(body)}${body.slice(9)}`;
}

/** Why a text is no VIN, as a sentence without its end; null when it is one. */
export function vinMistake(text: string): string | null {
  if (hasVinShape(text)) return null;
  const capitals = text.toUpperCase();
  if (hasVinShape(capitals)) return `a VIN is written in capitals: ${capitals}`;
  return 'a VIN has 17 characters: digits and capital letters without I, O and Q';
}

export const vinSchema = z
  .string()
  .regex(shape, { error: ({ input }) => vinMistake(String(input)) ?? undefined })
  .meta({ description: 'Vehicle identification number', example: '1M8GDM9AXKP042788' });
