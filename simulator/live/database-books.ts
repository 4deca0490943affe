import { sql } from 'kysely';
import {
  type OpenCommands,
  type OpenWork,
  type OpenWorkOptions,
  type OpenWorkSource,
  openCommandsQuery,
  openWorkQuery,
  unansweredQuery,
} from '../run/open-work.ts';
import type { openDatabases } from './gateway-handle.ts';

type Databases = Pick<ReturnType<typeof openDatabases>, 'platform' | 'apiIot'>;

/** Returns the open work in the databases of a live run, as of the last `refresh`. */
export function databaseOpenWork(
  { platform, apiIot }: Databases,
  options: OpenWorkOptions,
): OpenWorkSource & { refresh(): Promise<void> } {
  const query = sql.raw<Record<keyof OpenWork, number | string>>(openWorkQuery(options));
  let work: OpenWork = { activations: 1, revocations: 0, unreachable: 0, following: 0 };
  let commands: OpenCommands = { open: 1, unanswered: [] };
  return {
    async refresh() {
      const [row] = (await query.execute(platform.reader)).rows;
      // PostgreSQL counts in a type that comes as text.
      work = {
        activations: Number(row?.activations),
        revocations: Number(row?.revocations),
        unreachable: Number(row?.unreachable),
        following: Number(row?.following),
      };
      if (work.activations + work.revocations + work.following > 0) return;
      const [open] = (await sql.raw<{ count: number }>(openCommandsQuery).execute(apiIot.reader)).rows;
      const unanswered = (await sql.raw<{ id: string }>(unansweredQuery).execute(apiIot.reader)).rows;
      commands = { open: Number(open?.count), unanswered: unanswered.map(({ id }) => id) };
    },
    openWork: () => work,
    openCommands: () => commands,
  };
}
