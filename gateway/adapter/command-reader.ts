import { z } from 'zod';
import { type CommandState, commandResourceSchema } from '../../shared/protocol/api-iot.ts';
import type { AdapterFile } from './adapter-schema.ts';
import type { AskedCommand, VehicleCommand } from './answers.ts';
import { type CodeTable, codeTable } from './codes.ts';
import { features, instant, oneOf, optional, required, UnreadAnswer } from './pick.ts';

const commandSchema: z.ZodType<VehicleCommand> = commandResourceSchema.extend({
  features: z.array(
    z.object({
      feature: z.string(),
      target: z.enum(['active', 'dormant']),
      version: z.int().nullable(),
    }),
  ),
});

/** What is known where the answer does not say it. */
export interface CommandContext {
  readonly vin: string;
  readonly asked: AskedCommand | null;
  readonly now: number;
}

/** Reads the command that stands somewhere in an answer. */
export type ReadCommand = (document: unknown, context: CommandContext) => VehicleCommand;

const failures: ReadonlySet<CommandState> = new Set(['rejected', 'failed', 'expired']);

/** Compiles what an adapter says of commands. Throws `UnreadAnswer` for an answer that is not as it says. */
export function commandReader(file: AdapterFile): ReadCommand {
  const { command, times, commandTimeoutMs } = file;
  const id = command.id === undefined ? null : required(command.id);
  const vin = optional(command.vin);
  const reference = optional(command.reference);
  const key = optional(command.key);
  const state = oneOf(command.state.at, command.state.values);
  const pickFeatures = command.features && features(command.features, file.features);
  const [acceptedAt, expiresAt, endedAt, clock] = (
    ['acceptedAt', 'expiresAt', 'endedAt', 'clock'] as const
  ).map((name) => instant(command[name], times));
  const results = optional(command.results);
  const late = optional(command.late);
  const codeOf = optional(command.code);
  const reasonOf = optional(command.reason);
  const codes = codeTable(file.errors);

  return (document, { vin: ofPath, asked: sent, now }) => {
    const said = reference(document);
    // A list has the commands of other activations as well.
    const asked = said === undefined || said === sent?.reference ? sent : null;
    const code = codeOf(document);
    const picked = pickFeatures ? (pickFeatures(document) ?? []) : askedFeatures(asked);
    const at = acceptedAt?.(document) ?? now;
    const ended = judged(state(document), code, codes);
    const why = sentence(reasonOf(document), code);
    const keyOf = key(document);
    const candidate = {
      id: id === null ? (asked?.key ?? '') : textOf(id(document)),
      vin: vin(document) ?? ofPath,
      reference: said ?? asked?.reference ?? '',
      key: keyOf === undefined ? (asked?.key ?? null) : keyOf,
      state: ended,
      features: picked.map(({ feature, target, version }) => ({ feature, target, version })),
      acceptedAt: at,
      expiresAt: expiresAt?.(document) ?? at + commandTimeoutMs,
      endedAt: endedAt?.(document) ?? (ended === 'accepted' || command.endedAt !== undefined ? null : now),
      results: results(document) ?? saidResults(ended, why, picked),
      late: late(document) ?? false,
      clock: clock?.(document) ?? null,
    };
    const parsed = commandSchema.safeParse(candidate);
    if (parsed.success) return parsed.data;
    throw new UnreadAnswer('');
  };
}

function askedFeatures(asked: AskedCommand | null) {
  return asked === null ? [] : [{ feature: asked.feature, target: asked.target, version: null }];
}

/** The code decides whether a retry can help, where the adapter lists it. */
function judged(state: CommandState, code: unknown, codes: CodeTable): CommandState {
  if (!failures.has(state) || code === undefined) return state;
  const meaning = codes.find([code]);
  if (meaning === null) return state;
  return meaning === 'retryable' || meaning === 'rate_limit' ? 'failed' : 'rejected';
}

function saidResults(
  state: CommandState,
  said: string | null,
  picked: readonly { readonly feature: string }[],
) {
  const [first] = picked;
  if (said === null || first === undefined || state === 'accepted') return null;
  const outcome = state === 'applied' ? 'applied' : 'rejected';
  return [{ feature: first.feature, outcome, version: 0, reason: said }];
}

function sentence(reason: unknown, code: unknown): string | null {
  const parts = [code, reason].filter((part) => typeof part === 'string' || typeof part === 'number');
  return parts.length === 0 ? null : parts.join(': ').slice(0, 256);
}

const textOf = (value: unknown) => (typeof value === 'number' ? String(value) : value);
