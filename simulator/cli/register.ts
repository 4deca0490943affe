import type { Command } from 'commander';
import { wallClock } from '../../shared/live/clock.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Clients } from '../live/clients.ts';
import { type RegisteredCustomer, registerRows } from '../run/registration.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { exitCodes, UsageError } from './exit.ts';
import { type FlagNames, registerFlags, registerMembers, withFlagNames } from './flag-names.ts';
import { modelsOf, withModelsOption } from './models-option.ts';
import { textOfNamedFile } from './named-file.ts';
import { askedPlatform, type PlatformFlags, withPlatformOptions, withSecretsOf } from './platform.ts';
import { type RefusedLine, type RegisterRow, readRegisterRows, vehicleMistake } from './register-rows.ts';

interface RegisterFlags extends PlatformFlags {
  readonly model?: string;
  readonly models?: string;
  readonly customer: string;
  readonly file?: string;
  readonly json?: true;
  readonly replace?: true;
}

/** `fleetwake register VIN`: registers vehicles outside the simulator, with the customers who own them. */
export function addRegister(program: Command): void {
  const command = program
    .command('register')
    .argument('[vin]')
    .description('register vehicles that you operate yourself, and print their MQTT passwords once')
    .option('--file <file>', 'vehicles to register, one JSON object per line, instead of a VIN')
    .option('--model <id>', 'vehicle model ("fleetwake models" lists them); default: the first model')
    .option('--customer <id>', 'customer who owns it; registered too', 'customer-0001')
    .option('--replace', 'replace a registered vehicle: its password is revoked and a new one issued')
    .option('--json', 'print JSON, one object per line');
  withModelsOption(command);
  withPlatformOptions(command, ['apiIotUrl']).action(
    async (vin: string | undefined, flags: RegisterFlags) => {
      if ((vin === undefined) === (flags.file === undefined))
        throw new UsageError('give a VIN, or a file with one vehicle per line (--file)');
      process.exitCode = vin === undefined ? await registerFile(flags) : await registerOne(vin, flags);
    },
  );
}

/** The models that vehicles may be of, and the one of a vehicle that names none. */
function modelsAndDefault(flags: RegisterFlags) {
  const models = modelsOf(flags.models);
  return { models, model: flags.model ?? models[0]?.id ?? '' };
}

interface Account {
  readonly vin: string;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
}

async function registerOne(vin: string, flags: RegisterFlags): Promise<number> {
  const { customer } = flags;
  const { models, model } = modelsAndDefault(flags);
  const mistake = vehicleMistake({ vin, model }, models);
  if (mistake !== null) throw new UsageError(mistake);
  const row = { line: 1, vin, model, customer, email: null, name: null, language: 'en' };
  const { accounts, refused } = await registerAll([row], models, flags, registerFlags);
  for (const account of accounts) {
    const { clientId, password } = account;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(account)}\n`
        : `client id  ${clientId}\nusername   ${vin}\npassword   ${password}\n`,
    );
  }
  const [first] = refused;
  if (first !== undefined) throw new UsageError(first.reason);
  return exitCodes.ok;
}

async function registerFile(flags: RegisterFlags): Promise<number> {
  const file = flags.file ?? '';
  const { models, model } = modelsAndDefault(flags);
  const text = textOfNamedFile(file, 'give a file with one JSON object per line');
  const read = readRegisterRows(text, { model, customer: flags.customer }, models);
  const { accounts, refused } = await registerAll(read.rows, models, flags, registerMembers);
  for (const account of accounts) {
    const { vin, clientId, password } = account;
    process.stdout.write(flags.json ? `${JSON.stringify(account)}\n` : `${vin}  ${clientId}  ${password}\n`);
  }
  const lines = [...read.refused, ...refused].toSorted((left, right) => left.line - right.line);
  for (const { line, vin, reason } of lines) {
    process.stderr.write(`fleetwake: ${file}:${line}: ${vin === null ? '' : `${vin}: `}${reason}\n`);
  }
  if (lines.length === 0) return exitCodes.ok;
  process.stderr.write(`fleetwake: ${accounts.length} vehicles registered, ${lines.length} lines refused\n`);
  return exitCodes.failed;
}

/** Registers the vehicles with their customers: a row that is refused keeps no other from being registered. */
async function registerAll(
  rows: readonly RegisterRow[],
  models: readonly VehicleModel[],
  flags: RegisterFlags,
  named: FlagNames,
): Promise<{ accounts: Account[]; refused: RefusedLine[] }> {
  const { config, clients } = await askedPlatform(flags);
  const known = flags.replace ? [] : await withSecretsOf(config.data, knownRows(clients, rows));
  const isKnown = new Set(known.map(({ vin }) => vin));
  const left = rows
    .filter(({ vin }) => !isKnown.has(vin))
    .map((row) => ({ ...row, password: systemSecrets.newToken() }));
  const fleet = {
    customers: customersOf(left),
    vehicles: left.map(({ vin, model, customer, password }) => ({
      ...{
        vin,
        model,
        modelName: models.find(({ id }) => id === model)?.name ?? model,
        customerId: customer,
      },
      credentialDigest: systemSecrets.digest(password),
    })),
  };
  const { refused } = await withSecretsOf(config.data, registerRows({ ...clients, clock: wallClock }, fleet));
  const reasons = new Map(
    refused.map(({ kind, id, reason }) => [`${kind} ${id}`, shownReason(reason, named)]),
  );
  const fates = left.map((row) => {
    const vehicle = reasons.get(`vehicle ${row.vin}`) ?? null;
    const customer = reasons.get(`customer ${row.customer}`);
    // The customer's own refusal says more than that no customer has this id.
    const reason = customer === undefined ? vehicle : `customer ${row.customer}: ${customer}`;
    return { row, isRegistered: vehicle === null, reason };
  });
  return {
    accounts: fates.flatMap(({ row: { vin, password }, isRegistered }) =>
      isRegistered ? [{ vin, clientId: `vehicle-${vin}`, username: vin, password }] : [],
    ),
    refused: [
      ...known,
      ...fates.flatMap(({ row: { line, vin }, reason }) => (reason === null ? [] : [{ line, vin, reason }])),
    ],
  };
}

/** The platform's words about a row, with each of its fields named as the user gave it. */
const shownReason = (reason: string, named: FlagNames) =>
  withFlagNames(reason.replace('The row does not follow the schema. ', ''), named);

/** One customer per id, as the first row of it says. */
function customersOf(rows: readonly RegisterRow[]): RegisteredCustomer[] {
  const customers = new Map<string, RegisteredCustomer>();
  for (const { customer: id, vin, email, name, language } of rows) {
    if (customers.has(id)) continue;
    const address = `${id.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 64)}@example.com`;
    customers.set(id, { id, name: name ?? `Owner of ${vin}`, email: email ?? address, language });
  }
  return [...customers.values()];
}

/** A new password would lock the vehicle out that has the old one. */
async function knownRows({ apiIot }: Clients, rows: readonly RegisterRow[]): Promise<RefusedLine[]> {
  const known: RefusedLine[] = [];
  for (const { line, vin } of rows) {
    const { status } = await apiIot.get(`/vehicle/${vin}/health`);
    if (status !== 200) continue;
    const reason = `${vin} is already registered, and a new password would lock its vehicle out: give another VIN, or add --replace`;
    known.push({ line, vin, reason });
  }
  return known;
}
