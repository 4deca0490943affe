import type { Database } from '../../shared/ports/database.ts';
import type { SystemFault } from './system-fault.ts';

type DatabaseFailure = Extract<SystemFault, { type: 'database_fails' }>['how'];

/** Databases that take no write for a while, by the process that writes. */
export function databaseFaults() {
  const failing = new Map<string, DatabaseFailure>();
  let refused = 0;

  function failed(how: DatabaseFailure): Error {
    refused += 1;
    return how === 'full'
      ? Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
      : Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
  }

  return {
    set(process: string, how: DatabaseFailure): void {
      failing.set(process, how);
    },
    clear(process: string): void {
      failing.delete(process);
    },
    /** Writes that failed. */
    refused: () => refused,
    /** Returns the database of a process with its faults. */
    around<Schema>(process: string, database: Database<Schema>): Database<Schema> {
      return {
        ...database,
        async write(work) {
          const how = failing.get(process);
          if (how === 'full') throw failed(how);
          return database.write(async (transaction) => {
            const value = await work(transaction);
            const lost = failing.get(process);
            if (lost === 'lost') throw failed(lost);
            return value;
          });
        },
      };
    },
  };
}
