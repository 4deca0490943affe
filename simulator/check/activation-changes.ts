import type { Activation } from '../../gateway/activation/activation.ts';

/** A database read from outside its process: synchronously, and only between two events. */
export type SyncQuery = <Row>(text: string, ...parameters: unknown[]) => Row[];

/** A saved change of one activation, as the trace and the probes want it. */
export interface Move {
  readonly id: string;
  readonly before: Activation | null;
  readonly after: Activation;
}

/** Additional tables and triggers that keep every committed change of a database, in order. */
export const platformTriggers = [
  `create table activation_changes (seq integer primary key, id text not null, before text, after text not null)`,
  `create trigger activation_inserted after insert on activations begin
    insert into activation_changes (id, before, after) values (new.id, null, new.state); end`,
  `create trigger activation_updated after update of state on activations when old.state <> new.state begin
    insert into activation_changes (id, before, after) values (new.id, old.state, new.state); end`,
];

/** Returns a reader of the platform's database that hands each committed change on once, in order. */
export function changeReader(onMove: (move: Move) => void): (read: SyncQuery) => void {
  let lastRead = 0;
  return (read) => {
    const rows = read<{ seq: number; id: string; before: string | null; after: string }>(
      'select seq, id, before, after from activation_changes where seq > ? order by seq',
      lastRead,
    );
    for (const { seq, id, before, after } of rows) {
      lastRead = seq;
      onMove({
        id,
        before: before === null ? null : (JSON.parse(before) as Activation),
        after: JSON.parse(after) as Activation,
      });
    }
  };
}

/** Fields of the line that a saved change has in a trace. */
export function moveFields({ id, before, after }: Move): Readonly<Record<string, unknown>> {
  return {
    id,
    from: before?.phase ?? null,
    to: after.phase,
    attempts: after.attempts.length,
    money: after.settlement?.status ?? null,
  };
}
