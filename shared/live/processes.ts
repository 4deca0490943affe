import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The full path of a program on the PATH (one with a slash is a file already), or null. Debian keeps servers in folders that not every user's PATH names. */
export async function findOnPath(program: string): Promise<string | null> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const files = program.includes('/') ? [program] : folders.map((folder) => join(folder, program));
  for (const file of files) {
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {}
  }
  return null;
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user takes no signal of ours.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Names what numbers the processes here, this container of this start of the machine; where the system does not show it: `-`. */
export function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    return createHash('sha256')
      .update(`${boot}${readlinkSync('/proc/self/ns/pid')}`)
      .digest('hex')
      .slice(0, 8);
  } catch {
    return '-';
  }
}

/** The process that started it, where the system shows that (Linux), else null. */
export async function parentOf(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
  return parent > 0 ? parent : null;
}

/** The command line of a process where the system shows it (Linux), else an empty text. */
export async function processCommand(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}
