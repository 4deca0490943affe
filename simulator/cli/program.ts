import { Command } from 'commander';
import { givenText, maskedText } from '../../shared/protocol/address.ts';
import { addHelp } from './help.ts';

/** Adds commands to the program. */
type Add = (program: Command) => void;

interface CommandGroup {
  /** The names of its commands, in the order in which the help lists them. */
  readonly names: readonly string[];
  /** Loads the modules of these commands, and of nothing else. */
  readonly load: () => Promise<readonly Add[]>;
}

/** Every command, in the order of the help. */
export const commandGroups: readonly CommandGroup[] = [
  { names: ['run'], load: async () => [(await import('./run.ts')).addRun] },
  { names: ['run-gateway'], load: async () => [(await import('./run-gateway.ts')).addRunGateway] },
  { names: ['scenarios'], load: async () => [(await import('./scenarios.ts')).addScenarios] },
  { names: ['adapters'], load: async () => [(await import('./adapters.ts')).addAdapters] },
  { names: ['conform'], load: async () => [(await import('./conform.ts')).addConform] },
  { names: ['models'], load: async () => [(await import('./models.ts')).addModels] },
  { names: ['report'], load: async () => [(await import('./report.ts')).addReport] },
  { names: ['up'], load: async () => [(await import('./up.ts')).addUp] },
  { names: ['console'], load: async () => [(await import('./console.ts')).addConsole] },
  { names: ['gateway'], load: async () => [(await import('./gateway.ts')).addGateway] },
  { names: ['config'], load: async () => [(await import('./config.ts')).addConfig] },
  { names: ['stand-ins'], load: async () => [(await import('./stand-ins.ts')).addStandIns] },
  { names: ['fleet'], load: async () => [(await import('./fleet.ts')).addFleet] },
  { names: ['buy'], load: async () => [(await import('./buy.ts')).addBuy] },
  { names: ['events'], load: async () => [(await import('./events.ts')).addEvents] },
  { names: ['fault'], load: async () => [(await import('./fault.ts')).addFault] },
  {
    names: ['vehicle', 'purchase', 'activation'],
    // Two of them have a subcommand of their own, which is added after them.
    load: async () => [
      (await import('./look-up.ts')).addLookUps,
      (await import('./activation-show.ts')).addActivationShow,
      (await import('./purchase-record.ts')).addPurchaseRecord,
    ],
  },
  { names: ['ticket'], load: async () => [(await import('./ticket.ts')).addTicket] },
  { names: ['settlement'], load: async () => [(await import('./settlement.ts')).addSettlement] },
  { names: ['backup'], load: async () => [(await import('./backup.ts')).addBackup] },
  { names: ['restore'], load: async () => [(await import('./restore.ts')).addRestore] },
  {
    names: ['reconcile-payments'],
    load: async () => [(await import('./reconcile-payments.ts')).addReconcilePayments],
  },
  {
    names: ['notification', 'webhook-event', 'incident', 'parked', 'webhook-resume'],
    load: async () => [(await import('./parked-work.ts')).addParkedWork],
  },
  {
    names: ['pause', 'resume', 'requeue'],
    load: async () => [(await import('./engine-work.ts')).addEngineWork],
  },
  { names: ['cancel'], load: async () => [(await import('./cancel.ts')).addCancel] },
  { names: ['customer'], load: async () => [(await import('./customer.ts')).addCustomer] },
  {
    names: ['mosquitto-accounts'],
    load: async () => [(await import('./mosquitto-accounts.ts')).addMosquittoAccounts],
  },
  { names: ['register'], load: async () => [(await import('./register.ts')).addRegister] },
  { names: ['check', 'check-worker'], load: async () => [(await import('./check.ts')).addCheck] },
  { names: ['replay'], load: async () => [(await import('./replay.ts')).addReplay] },
  { names: ['day'], load: async () => [(await import('./day.ts')).addDay] },
  { names: ['verify'], load: async () => [(await import('./verify.ts')).addVerify] },
];

/** A misspelt flag may carry a secret (unknown option '--payment-key=sk_…'), and so may what stands where a command belongs. */
function withoutSecret(text: string): string {
  const withoutValue = text.replace(/(unknown option '--[^'=]+)=[^']*'/, "$1'");
  const named = withoutValue.replace(
    /(unknown command )'([^']*)'/,
    (_, what: string, given: string) => `${what}${givenText(given).replaceAll('"', "'")}`,
  );
  return maskedText(named);
}

/**
 * Creates the command `fleetwake` with the commands of the group that the first argument names, or with every command where it
 * names none (help, a misspelt name). A command so loads its own modules only: loading all of them takes several times as long
 * as most commands run.
 */
export async function fleetwakeProgram(first?: string): Promise<Command> {
  const program = new Command('fleetwake')
    .description(
      'prove that every paid feature becomes active in the vehicle, and that no customer pays for one that does not',
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeErr: (text) => process.stderr.write(withoutSecret(text)),
    });
  const named = commandGroups.filter(({ names }) => names.includes(first ?? ''));
  for (const group of named.length > 0 ? named : commandGroups) {
    for (const add of await group.load()) add(program);
  }
  addHelp(program);
  return program;
}
