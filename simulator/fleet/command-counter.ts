import { fieldsOf } from '../../shared/protocol/json.ts';
import { parseTopic } from '../../shared/protocol/topics.ts';
import type { CommandSelector } from '../faults/fault-target.ts';

/** A command by its place among those of its feature and kind. */
export interface CountedCommand {
  readonly feature: string;
  readonly kind: CommandSelector['kind'];
  /** From 1, in the order in which they reached the vehicle. */
  readonly nth: number;
}

interface SentFeature {
  readonly feature?: unknown;
  readonly target?: unknown;
}

/** Counts the commands of one vehicle; a command that comes again keeps its place. */
export class CommandCounter {
  readonly #commands = new Map<string, CountedCommand>();
  readonly #counts = new Map<string, number>();

  /** Returns the command that a message carries or answers; null for any other message. */
  commandOf(topic: string, payload: string): CountedCommand | null {
    const channel = parseTopic(topic)?.channel;
    if (channel !== 'configure' && channel !== 'result') return null;
    const { id, commandId, features } = fieldsOf(payload) ?? {};
    if (channel === 'result') return this.answered(String(commandId));
    const known = this.#commands.get(String(id));
    if (known) return known;
    const [first] = Array.isArray(features) ? (features as readonly SentFeature[]) : [];
    if (typeof first?.feature !== 'string') return null;
    const kind = first.target === 'active' ? 'activation' : 'deactivation';
    const place = `${first.feature} ${kind}`;
    const nth = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, nth);
    const made = { feature: first.feature, kind, nth } as const;
    this.#commands.set(String(id), made);
    return made;
  }

  /** Returns the command of this id; null when none has reached the vehicle. */
  answered(commandId: string): CountedCommand | null {
    return this.#commands.get(commandId) ?? null;
  }
}

/** Returns whether a selector means this command. */
export function isSelected(
  { feature, kind, from, to }: CommandSelector,
  command: CountedCommand | null,
): boolean {
  return (
    command !== null &&
    command.feature === feature &&
    command.kind === kind &&
    command.nth >= from &&
    command.nth <= to
  );
}
