import type { Activation } from '../../gateway/activation/activation.ts';
import { violations } from '../../gateway/activation/invariants.ts';
import { transitionViolations } from '../../gateway/activation/transition-invariants.ts';
import {
  type CommandResult,
  commandResultSchema,
  vehicleStatusSchema,
} from '../../shared/protocol/device-messages.ts';
import { parseTopic } from '../../shared/protocol/topics.ts';
import type { Constants } from '../scenarios/scenario.ts';
import { changeReader, type Move, type SyncQuery } from './activation-changes.ts';

export interface Violation {
  readonly at: number;
  readonly rule: string;
  readonly sentence: string;
}

/** An additional table and trigger that keep every accepted command, in order. */
export const apiIotTriggers = [
  `create table command_acceptances (seq integer primary key, id text, vin text, key text, at integer)`,
  `create trigger command_accepted after insert on commands begin
    insert into command_acceptances (id, vin, key, at) values (new.id, new.vin, new.key, new.accepted_at); end`,
];

interface Balance {
  netMinor: number;
  heldMinor: number;
  priceMinor: number;
}

const effects: Readonly<Record<string, { net: -1 | 0 | 1; held: -1 | 0 | 1 }>> = {
  authorised: { net: 0, held: 1 },
  charged: { net: 1, held: 0 },
  captured: { net: 1, held: -1 },
  voided: { net: 0, held: -1 },
  refunded: { net: -1, held: 0 },
  disputed: { net: -1, held: 0 },
  dispute_won: { net: 1, held: 0 },
};

/**
 * Checks the invariants after each commit and each message, by data from outside the engine: the committed states, the
 * ledger, the API IoT's acceptances and the MQTT messages.
 */
export function newWatch(deps: {
  readonly now: () => number;
  readonly constants: Constants;
  readonly onMove: (move: Move) => void;
  readonly onMoney: (kind: string, activationId: string) => void;
  /** What a service's command carries for a model; null where the model cannot have it. */
  readonly parametersOf: (serviceId: string, model: string) => object | null;
  /** The models with which the vehicle was registered up to now and since `since`, that of `since` included. */
  readonly modelsSince: (vin: string, since: number) => readonly string[];
}) {
  const { now, constants } = deps;
  const found: Violation[] = [];
  const balances = new Map<string, Balance>();
  const acceptances = new Map<string, number[]>();
  /** Commands by id: the activation they were sent for. */
  const commands = new Map<
    string,
    { readonly activationId: string; readonly vin: string; readonly at: number }
  >();
  const activations = new Map<string, Activation>();
  const delivered = new Set<string>();
  const versions = new Map<string, number>();
  /** Activation → the lowest version that one of its commands carries, by `vin feature`. */
  const asked = new Map<string, { readonly place: string; readonly version: number }>();
  const read = { acceptances: 0, entries: 0 };
  let checked = 0;

  function report(rule: string, sentence: string): void {
    found.push({ at: now(), rule, sentence });
  }

  /** What a renewal renews was delivered before. */
  function isOn({ vin, feature }: Activation): boolean {
    return [...delivered].some((id) => {
      const place = activations.get(id);
      return place?.vin === vin && place.feature === feature;
    });
  }

  function judgeMove(move: Move): void {
    const { before, after, id } = move;
    checked += 1;
    for (const sentence of violations(after)) report('valid saved state', `${id}: ${sentence}`);
    if (before !== null) {
      for (const sentence of transitionViolations(before, after))
        report('legal transition', `${id}: ${sentence}`);
    }
    activations.set(id, after);
    if (after.delivery?.evidence === 'entitlement' && isOn(after)) delivered.add(id);
    deps.onMove(move);
  }

  return {
    violations: (): readonly Violation[] => found,
    checkedMoves: () => checked,
    isDelivered: (activationId: string) => delivered.has(activationId),
    afterPlatform: changeReader(judgeMove),
    /** The window is half-open, so the one that is exactly an hour old counts no more. */
    afterApiIot(peek: SyncQuery): void {
      const rows = peek<{ seq: number; id: string; vin: string; key: string | null; at: number }>(
        'select seq, id, vin, key, at from command_acceptances where seq > ? order by seq',
        read.acceptances,
      );
      for (const { seq, id, vin, key, at } of rows) {
        read.acceptances = seq;
        commands.set(id, { activationId: key?.split(':')[0] ?? '', vin, at });
        const kept = (acceptances.get(vin) ?? []).filter((other) => other > at - constants.quotaWindowMs);
        kept.push(at);
        acceptances.set(vin, kept);
        if (kept.length > constants.quotaLimit)
          report('quota', `${vin}: ${kept.length} commands accepted within an hour, the last is ${id}`);
      }
    },
    afterPayments(peek: SyncQuery): void {
      const rows = peek<{ sequence: number; kind: string; activation: string; amount: number }>(
        'select sequence, kind, activation_id as activation, amount from ledger_entries where sequence > ? order by sequence',
        read.entries,
      );
      for (const { sequence, kind, activation, amount } of rows) {
        read.entries = sequence;
        deps.onMoney(kind, activation);
        const balance = balances.get(activation) ?? { netMinor: 0, heldMinor: 0, priceMinor: amount };
        const effect = effects[kind];
        balance.netMinor += (effect?.net ?? 0) * amount;
        balance.heldMinor += (effect?.held ?? 0) * amount;
        balances.set(activation, balance);
        const total = balance.netMinor + balance.heldMinor;
        if (balance.netMinor < 0 || balance.heldMinor < 0 || total > balance.priceMinor)
          report(
            'amount within the price',
            `${activation}: ${kind} leads to ${balance.netMinor} captured and ${balance.heldMinor} held of ${balance.priceMinor}`,
          );
        if (kind === 'captured' && !delivered.has(activation))
          report(
            'no capture before delivery',
            `${activation}: captured, but the vehicle never reported applied`,
          );
      }
    },
    /** What passed at the broker, as it passed. */
    onMessage(topic: string, payload: string): void {
      const parsed = parseTopic(topic);
      if (!parsed) return;
      const value: unknown = JSON.parse(payload);
      if (parsed.channel === 'configure') noteCommand(value as SentCommand);
      else if (parsed.channel === 'result') {
        const result = commandResultSchema.safeParse(value);
        if (result.success) noteResult(result.data);
      } else if (parsed.channel === 'status') {
        const status = vehicleStatusSchema.safeParse(value);
        if (!status.success) return;
        for (const { feature, state, version } of status.data.features ?? []) {
          const place = `${parsed.vin} ${feature}`;
          const before = versions.get(place) ?? 0;
          if (version < before) report('versions increase', `${place}: version ${version} after ${before}`);
          versions.set(place, Math.max(before, version));
          if (state !== 'active') continue;
          for (const [id, wanted] of asked) {
            if (wanted.place === place && version >= wanted.version) delivered.add(id);
          }
        }
      }
    },
  };

  function noteCommand(command: SentCommand): void {
    const known = commands.get(command.id);
    if (!known) {
      report('no unaccepted command', `the broker carried ${command.id}, which the API IoT never accepted`);
      return;
    }
    for (const { feature, version, target, parameters = {} } of command.features) {
      if (target !== 'active') continue;
      judgeParameters(known, feature, parameters);
      const before = asked.get(known.activationId);
      if (before === undefined || version < before.version)
        asked.set(known.activationId, { place: `${known.vin} ${feature}`, version });
    }
  }

  /** A command may have been put together up to `builtMaxMs` before it was accepted. */
  function judgeParameters(
    { activationId, vin, at }: { readonly activationId: string; readonly vin: string; readonly at: number },
    feature: string,
    parameters: object,
  ): void {
    const activation = activations.get(activationId);
    if (activation?.feature !== feature) return;
    const allowed = deps
      .modelsSince(vin, at - builtMaxMs)
      .map((model) =>
        sorted({ ...deps.parametersOf(activation.serviceId, model), ...activation.parameters }),
      );
    if (!allowed.includes(sorted(parameters)))
      report(
        'configuration of the registered model',
        `${activationId}: ${feature} was sent with ${sorted(parameters)} instead of ${allowed.join(' or ')}`,
      );
  }

  function noteResult(result: CommandResult): void {
    const known = commands.get(result.commandId);
    if (!known) return;
    const wanted = activations.get(known.activationId)?.feature;
    const reached = result.results.some(
      (one) => one.feature === wanted && (one.outcome === 'applied' || one.outcome === 'already_active'),
    );
    if (reached) delivered.add(known.activationId);
  }
}

interface SentCommand {
  readonly id: string;
  readonly features: readonly {
    feature: string;
    target: string;
    version: number;
    parameters?: Readonly<Record<string, unknown>>;
  }[];
}

/** The longest from a command's making to its acceptance: a token and a request that is sent again. */
const builtMaxMs = 60_000;

/** The same text for the same parameters in any order. */
function sorted(parameters: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))));
}
