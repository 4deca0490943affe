import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import { collectCommands, collectMails, collectPushes } from '../reports/collect.ts';
import type { BrokerMessage, SeenMail, SeenPush, VehicleEvidence } from '../reports/evidence.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import type { SeenPayment } from '../stand-ins/payments/seen-payment.ts';
import type { LocalSystem } from './local-system.ts';

/** What the parts around an engine show of its work; nothing of it is the engine's own account. */
export interface SystemEvidence {
  /** Every movement of money. */
  readonly ledger: readonly LedgerEntry[];
  /** Every payment that was asked for, declined ones too. */
  readonly payments: readonly SeenPayment[];
  /** Every configure command that the API IoT accepted. */
  readonly commands: readonly CommandResource[];
  /** What passed between API IoT and vehicles. */
  readonly messages: readonly BrokerMessage[];
  readonly vehicles: readonly VehicleEvidence[];
  readonly mails: readonly SeenMail[];
  readonly pushes: readonly SeenPush[];
}

/** Reads the evidence. Commands are there only where the API IoT runs in this process. */
export async function systemEvidence(
  system: Pick<LocalSystem, 'gateway' | 'standIns' | 'messageLog' | 'cars'>,
): Promise<SystemEvidence> {
  const { gateway, standIns, messageLog, cars } = system;
  return {
    ledger: await standIns.ledger.allEntries(),
    payments: await standIns.ledger.payments(),
    commands: gateway.apiIot === null ? [] : await collectCommands(gateway.apiIot.database.reader),
    messages: messageLog.messages(),
    vehicles: cars.states(),
    mails: await collectMails(standIns.mailbox),
    pushes: collectPushes(standIns.pushes),
  };
}
