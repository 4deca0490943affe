import { z } from 'zod';
import { hasBrokenCharacters } from './plain-text.ts';

/** A short text of a machine: no control characters and no lone surrogates, which PostgreSQL cannot keep. */
export const plainTextSchema = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => !hasBrokenCharacters(text), 'no control characters and no lone surrogates');
