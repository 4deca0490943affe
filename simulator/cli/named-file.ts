import { readTextFile } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { UsageError } from './exit.ts';

/** The text of a file that an argument names; a `UsageError` ends with the hint, such as `give a file with a fault`. */
export function textOfNamedFile(path: string, hint: string, maxBytes?: number): string {
  try {
    return readTextFile(path, maxBytes);
  } catch (error) {
    throw new UsageError(`${path}: ${fileErrorText(error)}; ${hint}`);
  }
}
