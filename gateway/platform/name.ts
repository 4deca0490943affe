import { z } from 'zod';
import {
  hasBrokenCharacters,
  normalisedName,
  showsSomething,
  visibleText,
} from '../../shared/protocol/plain-text.ts';

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

/** A text of one or more lines that people read: without characters that show nothing, and it must show something. */
export const shownTextSchema = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .overwrite(visibleText)
    .refine(showsSomething, 'write a text that shows something');
