import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that is the caller's to remove with `removeFolder`. */
export function newTemporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'fleetwake-'));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Runs `work` with a new folder and removes it afterwards, also after an error. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await newTemporaryFolder();
  try {
    return await work(folder);
  } finally {
    await removeFolder(folder);
  }
}
