import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { UsageError } from './exit.ts';

/** Opens the file that a flag names. Before a run, so that a path that cannot be written to costs no run. */
export function openOutputFile(flag: string, path: string): Promise<FileHandle> {
  return open(path, 'w').catch((error: unknown) => {
    throw new UsageError(`${flag} ${path} cannot be written: ${fileErrorText(error)}; name another file`);
  });
}

/** Makes the folders of the files that flags name, for a command in CI, where none of them is there. */
export async function makeFoldersOf(flags: Readonly<Record<string, unknown>>): Promise<void> {
  for (const path of Object.values(flags)) {
    if (typeof path === 'string') await mkdir(dirname(path), { recursive: true });
  }
}
