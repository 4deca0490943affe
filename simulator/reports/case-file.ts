import type { Activation } from '../../gateway/activation/activation.ts';
import type { ActivationRow, PurchaseRow } from '../../gateway/store/schema.ts';
import type { TicketRow } from '../../gateway/store/ticket-tables.ts';
import { groupBy } from '../../shared/memory/group.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import type { BrokerLog } from './broker-log.ts';
import type { Evidence } from './evidence.ts';

/** Evidence from all sources about one activation, side by side. */
export interface CaseFile {
  readonly id: string;
  readonly vin: string;
  readonly row: ActivationRow;
  readonly state: Activation;
  readonly purchase: PurchaseRow | null;
  /** The API IoT's commands whose key is `{activation}:{attempt}`, by attempt. */
  readonly commands: readonly { readonly attempt: number; readonly command: CommandResource }[];
  readonly ledger: readonly LedgerEntry[];
  readonly tickets: readonly TicketRow[];
  /** When the vehicle first published that it had applied the activation, or the one that this renews; or null. */
  readonly deliveredAt: number | null;
}

/** One file for every activation; what was switched off has none. */
export function caseFiles(evidence: Evidence, log: BrokerLog): CaseFile[] {
  const { database, apiIot } = evidence;
  const purchases = new Map(database.purchases.map((purchase) => [purchase.id, purchase]));
  const commands = groupBy(
    apiIot.flatMap((command) => {
      const key = attemptKey(command.key);
      return key === null ? [] : [{ ...key, command }];
    }),
    (entry) => entry.activationId,
  );
  const ledger = groupBy(evidence.ledger, (entry) => entry.activationId);
  const tickets = groupBy(database.tickets, (ticket) => ticket.activation_id);
  const proofs = proofsByVehicle(log);
  const files = database.activations
    .filter((row) => row.kind === 'activation')
    .map((row): CaseFile => {
      const sent = (commands.get(row.id) ?? []).toSorted((a, b) => a.attempt - b.attempt);
      return {
        id: row.id,
        vin: row.vin,
        row,
        state: JSON.parse(row.state) as Activation,
        purchase: purchases.get(row.purchase_id ?? '') ?? null,
        commands: sent,
        ledger: ledger.get(row.id) ?? [],
        tickets: tickets.get(row.id) ?? [],
        deliveredAt: firstProof(
          row,
          sent.map(({ command }) => command),
          proofs.get(row.vin) ?? [],
        ),
      };
    });
  return withRenewals(evidence, files);
}

/**
 * A renewal sends nothing. What delivered it is what it renews: an entitlement of another purchase that was in force, and whose
 * own activation a vehicle, or a renewal before it, proved.
 */
function withRenewals({ database }: Evidence, files: readonly CaseFile[]): CaseFile[] {
  const renewedAt = ({ state }: CaseFile) =>
    state.delivery?.evidence === 'entitlement' ? state.delivery.at : null;
  const proven = new Set(
    files.filter((file) => file.deliveredAt !== null).map((file) => file.row.purchase_id),
  );
  const inOrder = files.toSorted((left, right) => (renewedAt(left) ?? 0) - (renewedAt(right) ?? 0));
  const delivered = new Map<string, number>();
  for (const file of inOrder) {
    const at = renewedAt(file);
    if (at === null) continue;
    const isOwned = database.entitlements.some(
      (owned) =>
        owned.vin === file.vin &&
        owned.feature === file.row.feature &&
        owned.purchase_id !== file.row.purchase_id &&
        proven.has(owned.purchase_id) &&
        (owned.valid_until ?? Number.POSITIVE_INFINITY) > at &&
        (owned.ended_at ?? Number.POSITIVE_INFINITY) > at,
    );
    if (!isOwned) continue;
    delivered.set(file.id, at);
    proven.add(file.row.purchase_id);
  }
  return files.map((file) => ({ ...file, deliveredAt: delivered.get(file.id) ?? file.deliveredAt }));
}

/** Activation and attempt of an Idempotency-Key, or null for a key of another making. */
export function attemptKey(key: string | null): { activationId: string; attempt: number } | null {
  const parts = /^(.+):(\d+)$/.exec(key ?? '');
  return parts?.[1] === undefined ? null : { activationId: parts[1], attempt: Number(parts[2]) };
}

/** Something that a vehicle said of one feature: an answer to a command, or its reported state. */
type Proof =
  | {
      readonly at: number;
      readonly feature: string;
      readonly kind: 'result';
      readonly commandId: string;
      readonly outcome: string;
    }
  | {
      readonly at: number;
      readonly feature: string;
      readonly kind: 'status';
      readonly state: string;
      readonly version: number;
    };

export function proofsByVehicle(log: BrokerLog): Map<string, Proof[]> {
  const proofs = new Map<string, Proof[]>();
  const add = (vin: string, proof: Proof) => {
    const known = proofs.get(vin);
    if (known) known.push(proof);
    else proofs.set(vin, [proof]);
  };
  for (const { at, vin, message } of log.results) {
    for (const { feature, outcome } of message.results) {
      add(vin, { at, feature, kind: 'result', commandId: message.commandId, outcome });
    }
  }
  for (const { at, vin, message } of log.statuses) {
    for (const { feature, state, version } of message.features ?? []) {
      add(vin, { at, feature, kind: 'status', state, version });
    }
  }
  return proofs;
}

/** A result that answers one of these commands, or the feature reported on at the version of one of them or above. */
export function firstProof(
  row: Pick<ActivationRow, 'feature'>,
  commands: readonly CommandResource[],
  proofs: readonly Proof[],
): number | null {
  const ids = new Set(commands.map((command) => command.id));
  const versions = commands.flatMap((command) =>
    command.features.filter((target) => target.feature === row.feature).map((target) => target.version),
  );
  const lowest = Math.min(...versions);
  const instants = proofs
    .filter((proof) => proof.feature === row.feature)
    .filter((proof) =>
      proof.kind === 'result'
        ? ids.has(proof.commandId) && (proof.outcome === 'applied' || proof.outcome === 'already_active')
        : proof.state === 'active' && proof.version >= lowest,
    )
    .map((proof) => proof.at);
  return instants.length === 0 ? null : Math.min(...instants);
}
