/** Where a process runs, and its number there. */
export interface ProcessPlace {
  readonly host: string;
  readonly pid: number;
  /** Names what numbers the processes: containers and copied machines may have one host name, and each a process 1. */
  readonly space: string;
}

/** Returns the name by which other processes on the database know this one: `iot-host 4711 3f9a02c1`. */
export const ownerName = ({ host, pid, space }: ProcessPlace): string => `${host} ${pid} ${space}`;

/** Whether a process of this name certainly runs no more; false where that cannot be seen from here. */
export function isOwnerGone(owner: string, here: ProcessPlace, isRunning: (pid: number) => boolean): boolean {
  const [, host, pid, space] = /^(.*) (\d+) (\S+)$/.exec(owner) ?? [];
  if (host !== here.host || space !== here.space) return false;
  return Number(pid) === here.pid || !isRunning(Number(pid));
}
