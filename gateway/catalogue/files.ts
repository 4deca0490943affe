import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';

/** Reads the catalogue's folder. Paths are relative to it, with `/`. Both throw when there is nothing to read. */
export interface CatalogueFiles {
  /** Returns the names of files and folders in a folder (`''`: the catalogue's own). */
  list(folder: string): readonly string[];
  text(path: string): string;
}

/** Returns the value of `work`, or null with a fault that names the path and the fix. */
export function attempt<T>(path: string, faults: string[], work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    faults.push(
      `${path} cannot be read: ${fileErrorText(error)}; put it there or name another catalogue folder.`,
    );
    return null;
  }
}

/** The JSON in a file, or undefined with a fault. */
export function readJson(files: CatalogueFiles, path: string, faults: string[]): unknown {
  const text = attempt(path, faults, () => files.text(path));
  if (text === null) return undefined;
  try {
    return parseJsonText(text);
  } catch (error) {
    faults.push(`${path} is not JSON (${(error as Error).message}); correct it at that place.`);
    return undefined;
  }
}
