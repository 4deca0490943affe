import { z } from 'zod';
import { hasBrokenCharacters, normalisedName, showsSomething } from '../../shared/protocol/plain-text.ts';

/**
 * A name that people read in mails, pages and on terminals: kept in NFC on one line. What shows nothing (blanks, zero-width and
 * bidirectional marks) is dropped; control characters and lone surrogates are refused.
 */
export const shownNameSchema = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => !hasBrokenCharacters(text), 'no control characters and no lone surrogates')
    .overwrite(normalisedName)
    .refine(showsSomething, 'write a name that shows something');
