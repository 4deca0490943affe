import type { Command } from 'commander';
import { wallClock } from '../../shared/live/clock.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { vinMistake } from '../../shared/protocol/vin.ts';
import type { Clients } from '../live/clients.ts';
import { register } from '../run/registration.ts';
import { modelName, vehicleModels } from '../vehicle/models.ts';
import { UsageError } from './exit.ts';
import { askedPlatform, type PlatformFlags, withPlatformOptions, withSecretsOf } from './platform.ts';

interface RegisterFlags extends PlatformFlags {
  readonly model: string;
  readonly customer: string;
  readonly json?: true;
  readonly replace?: true;
}

/** `fleetwake register VIN`: a vehicle that somebody else plays, with a customer who owns it. */
export function addRegister(program: Command): void {
  const command = program
    .command('register')
    .argument('<vin>')
    .description('register a vehicle that you operate yourself, and print its MQTT password once')
    .option('--model <id>', `vehicle model: ${vehicleModels.map(({ id }) => id).join(', ')}`, 'aurora-2026')
    .option('--customer <id>', 'customer who owns it; registered too', 'customer-0001')
    .option('--replace', 'replace a registered vehicle: its password is revoked and a new one issued')
    .option('--json', 'print JSON');
  withPlatformOptions(command, ['apiIotUrl']).action(async (vin: string, flags: RegisterFlags) => {
    const mistake = vinMistake(vin);
    if (mistake !== null) throw new UsageError(`"${vin}" is not a VIN: ${mistake}`);
    if (!vehicleModels.some(({ id }) => id === flags.model)) {
      throw new UsageError(
        `there is no model "${flags.model}"; there are: ${vehicleModels.map(({ id }) => id).join(', ')}`,
      );
    }
    const { config, clients } = await askedPlatform(flags);
    if (!flags.replace) await withSecretsOf(config.data, refuseKnown(clients, vin));
    const password = systemSecrets.newToken();
    const customers = [
      {
        id: flags.customer,
        name: `Owner of ${vin}`,
        email: `${flags.customer.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 64)}@example.com`,
        language: 'en',
      },
    ];
    const vehicle = {
      vin,
      model: flags.model,
      modelName: modelName(flags.model),
      customerId: flags.customer,
      credentialDigest: systemSecrets.digest(password),
    };
    await withSecretsOf(
      config.data,
      register({ ...clients, clock: wallClock }, { customers, vehicles: [vehicle] }),
    );
    const account = { vin, clientId: `vehicle-${vin}`, username: vin, password };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(account)}\n`
        : `client id  ${account.clientId}\nusername   ${vin}\npassword   ${password}\n`,
    );
  });
}

/** Its password is known to nobody but the vehicle that has it, which could not connect any more. */
async function refuseKnown({ apiIot }: Clients, vin: string): Promise<void> {
  const { status } = await apiIot.get(`/vehicle/${vin}/health`);
  if (status !== 200) return;
  throw new UsageError(
    `${vin} is already registered, and a new password would lock its vehicle out: give another VIN, or add --replace`,
  );
}
