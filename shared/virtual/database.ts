import { Kysely } from 'kysely';
import type { Database } from '../ports/database.ts';
import { BetterSqlite3 } from '../sql/better-sqlite3.ts';
import { groupCommit } from '../sql/group-commit.ts';
import { sqliteDialectParts } from '../sql/sqlite-dialect-parts.ts';
import type { VirtualProcess } from './process.ts';
import { processDriver, sharedConnection } from './sqlite-driver.ts';

/** A database in memory that outlives the processes that use it, as a disk does. */
export interface VirtualStorage<Schema> {
  /** The database for one process. Its death rolls back what it had not committed, and is its end here. */
  connect(process: VirtualProcess): Database<Schema>;
  /** All committed rows, as a file; a template for `virtualStorage`. `rewind` goes back to this moment. */
  serialize(): Buffer;
  /**
   * As it was when it was opened, or last serialised: for the next run, which so needs no database of its own. The
   * processes of the run before must have died.
   */
  rewind(): void;
  /** Rows for checkers, read at once and outside of any process: `select` only, between two events. */
  read<Row>(text: string, ...parameters: unknown[]): Row[];
  close(): void;
}

/** `template` is what `serialize` gave: a fresh database with its tables costs less so than by its migrations. */
export function virtualStorage<Schema>(template?: Buffer): VirtualStorage<Schema> {
  const sqlite = new BetterSqlite3(template ?? ':memory:');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma('trusted_schema = OFF');
  const shared = sharedConnection(sqlite);
  return {
    connect(process) {
      const open = (mayWrite: boolean) =>
        new Kysely<Schema>({
          dialect: {
            ...sqliteDialectParts,
            createDriver: () => processDriver(shared, process, mayWrite),
          },
        });
      const [reader, writer] = [open(false), open(true)];
      const group = groupCommit(writer);
      return {
        dialect: 'sqlite',
        reader,
        write: (work) => process.call('write', () => group.write(work)),
        // Deleted rows leave no trace: there is no file.
        scrub: () => process.call('scrub', async () => true),
        async close() {
          await group.close();
          await reader.destroy();
          await writer.destroy();
        },
      };
    },
    serialize() {
      shared.mark();
      return sqlite.serialize();
    },
    rewind: shared.rewind,
    read: <Row>(text: string, ...parameters: unknown[]) => shared.peek(text, parameters) as Row[],
    close: () => void sqlite.close(),
  };
}
