import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { visibleLine } from '../../shared/protocol/plain-text.ts';
import type { ApiClient } from '../run/api-client.ts';
import { type ClaimDeps, checkClaim } from '../run/fleet-claim.ts';
import {
  type RegisteredFleet,
  type RegistrationSummary,
  registerWithoutErased,
} from '../run/registration.ts';

/** Who registers vehicles, for those who are refused them: program and data folder. */
export interface Holder {
  readonly program: string;
  readonly dataFolder: string;
}

/** The most that the API IoT takes. */
const holderTextMax = 200;

function holderText({ program, dataFolder }: Holder): string {
  const text = visibleLine(`${program} on ${hostname()} with the data folder ${resolve(dataFolder)}`);
  return text.length > holderTextMax ? `${text.slice(0, holderTextMax - 1)}…` : text;
}

/**
 * Registers a fleet that starts, unless another simulator has a vehicle of it: then nothing is changed. Customers who are known
 * stay as they are.
 */
export async function registerFleet(
  clients: Omit<ClaimDeps, 'provisioner'> & {
    readonly platform: ApiClient | null;
    readonly provisioner: ApiClient | null;
  },
  fleet: RegisteredFleet,
  { takesOver, ...holder }: Holder & { readonly takesOver: boolean },
): Promise<RegistrationSummary> {
  const { provisioner } = clients;
  if (provisioner !== null) await checkClaim({ ...clients, provisioner }, fleet.vehicles, takesOver);
  return registerWithoutErased(clients, {
    ...{ ...fleet, registeredBy: holderText(holder) },
    keeps: takesOver ? 'customers' : 'password',
  });
}
