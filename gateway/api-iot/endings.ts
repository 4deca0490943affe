import type { Transaction } from 'kysely';
import type { CommandCallback } from '../../shared/protocol/api-iot.ts';
import { commandResource } from './command-resource.ts';
import { insertCallback } from './store/callbacks.ts';
import { type CommandEnd, endCommand } from './store/commands.ts';
import type { ApiIotSchema, CallbackRow, CommandRow } from './store/schema.ts';

/** A command that has ended, and the callback that its caller asked for. */
export interface Ending {
  readonly command: CommandRow;
  readonly callback: CallbackRow | null;
}

/**
 * Records the end and, in the same transaction, the callback: a crash in between loses neither. Null when the command is
 * no longer as it was read.
 */
export async function recordEnding(
  transaction: Transaction<ApiIotSchema>,
  before: CommandRow,
  end: CommandEnd,
): Promise<Ending | null> {
  const command: CommandRow = { ...before, ...end };
  if (!(await endCommand(transaction, before, end))) return null;
  if (command.callback_url === null) return { command, callback: null };
  const body: CommandCallback = { type: 'command.ended', command: commandResource(command) };
  const callback: CallbackRow = {
    // The same end has the same id however often it is sent, so that the receiver can tell a repeat.
    id: `${command.id}.${command.state}`,
    url: command.callback_url,
    body: JSON.stringify(body),
    traceparent: command.traceparent,
    failures: 0,
    due_at: end.ended_at,
    parked_at: null,
    last_error: null,
  };
  await insertCallback(transaction, callback);
  return { command, callback };
}
