import type { Command } from 'commander';
import type { Service } from '../../gateway/catalogue/service.ts';
import type { Purchase } from '../../gateway/platform/purchase-view.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { durationExamples, durationOfText } from '../../shared/protocol/duration-text.ts';
import { type ApiAnswer, type ApiClient, ClientRefused } from '../run/api-client.ts';
import { retryWithin } from '../run/retry-until-answered.ts';
import { boughtText, endText, exitCodeOf, hasEnded } from './bought-words.ts';
import { exitCodes, UsageError } from './exit.ts';
import { buyFlags } from './flag-names.ts';
import { type AnswerFlags, problemText } from './look-up.ts';
import { type AskedPlatform, askedPlatform, withPlatformOptions } from './platform.ts';
import { soldDurationOf } from './sold-duration-option.ts';
import { refuseUnused } from './unused-flags.ts';

interface BuyFlags extends AnswerFlags {
  readonly duration?: string;
  readonly card: string;
  readonly customer?: string;
  readonly wait?: true;
  readonly within?: string;
}

/** How long a purchase is sent again while the platform is too busy for it or does not answer. */
const sendWithinMs = 30_000;
const sendAgainMs = 1_000;
const waitDefault = '10 min';
const lookEveryMs = 500;

/** `fleetwake buy VIN SERVICE`: a purchase as a customer makes it, waited for where asked. */
export function addBuy(program: Command): void {
  const command = program
    .command('buy')
    .argument('<vin>')
    .argument('<service>', 'id of a service of the catalogue, such as heated-seats')
    .description('buy a service for a vehicle; with --wait until it is active and paid, or has failed')
    .option(
      '--duration <text>',
      'such as "1 month", "30 days" or permanent; default: the first that the service is sold for',
    )
    .option(
      '--card <id>',
      'payment method at the payment service; pm_card_ may be left out (docs/testing-identifiers.md)',
      'visa',
    )
    .option('--customer <id>', 'customer who buys; default: the customer of the vehicle')
    .option(
      '--wait',
      'wait for the end: exit code 0 active and paid, 1 any other end, 3 none within --within',
    )
    .option('--within <duration>', `--wait: longest time to wait (default ${waitDefault})`)
    .option('--json', 'print the purchase as JSON');
  withPlatformOptions(command).action(
    async (vin: string, service: string, flags: BuyFlags, self: Command) => {
      if (!flags.wait) refuseUnused(self, ['within'], 'a purchase without --wait');
      process.exitCode = await buy(vin, service, flags);
    },
  );
}

async function buy(vin: string, serviceId: string, flags: BuyFlags): Promise<number> {
  const withinMs = waitOf(flags.within ?? waitDefault);
  const stated = flags.duration === undefined ? null : soldDurationOf(flags.duration);
  const asked = await askedPlatform(flags);
  const customerId = await customerOf(asked, vin, flags.customer);
  if (customerId === null) return exitCodes.failed;
  const order = {
    customerId,
    vin,
    serviceId,
    duration: stated ?? (await firstDuration(asked, serviceId)),
    paymentMethod: /^(pm|src|card)_/.test(flags.card) ? flags.card : `pm_card_${flags.card}`,
  };
  const answer = await send(asked, order);
  if (answer === null) {
    process.stderr.write(
      'fleetwake: no answer to the purchase, which may have been made: look for it with "fleetwake purchase"\n',
    );
    return exitCodes.open;
  }
  if (answer.status === 422) throw new UsageError(problemText(answer, buyFlags));
  if (answer.status >= 300) return refused(answer);
  const bought = answer.body as Purchase;
  if (!flags.json) process.stdout.write(boughtText(bought));
  if (!flags.wait) return printed(bought, flags, exitCodes.ok);
  const ended = await untilEnded(wallClock, asked.clients.platform, bought, withinMs);
  if (!flags.json) process.stdout.write(endText(ended));
  return printed(ended, flags, exitCodeOf(ended));
}

function printed(purchase: Purchase, { json }: BuyFlags, exitCode: number): number {
  if (json) process.stdout.write(`${JSON.stringify(purchase, null, 2)}\n`);
  return exitCode;
}

function refused(answer: ApiAnswer): number {
  process.stderr.write(`fleetwake: ${problemText(answer, buyFlags)}\n`);
  return exitCodes.failed;
}

function waitOf(text: string): number {
  const ms = durationOfText(text);
  if (ms === null || ms <= 0)
    throw new UsageError(`--within takes a duration such as ${durationExamples}, not ${givenText(text)}`);
  return ms;
}

/** The customer who buys; null for an unknown vehicle, which is said. Throws `UsageError` where neither is known. */
async function customerOf({ ask }: AskedPlatform, vin: string, stated?: string): Promise<string | null> {
  const answer = await ask((platform) => platform.get(`/vehicles/${encodeURIComponent(vin)}`));
  if (answer.status === 422) throw new UsageError(problemText(answer, buyFlags));
  if (answer.status !== 200) {
    refused(answer);
    return null;
  }
  const { customerId = null } = answer.body as { readonly customerId?: string | null };
  const buyer = stated ?? customerId;
  if (buyer !== null) return buyer;
  throw new UsageError(`${vin} has no customer: give the customer who buys with --customer`);
}

/** The duration that a service is sold for first; undefined for an unknown service, which the platform refuses with its reason. */
async function firstDuration({ ask }: AskedPlatform, serviceId: string) {
  const answer = await ask((platform) => platform.get('/catalogue'));
  const { services = [] } = (answer.body ?? {}) as { readonly services?: readonly Service[] };
  const offers = services.find(({ id }) => id === serviceId)?.offers;
  return offers?.[0]?.duration ?? { unit: 'permanent' as const };
}

/** Sends one purchase under one key in all of its tries: a platform that is busy or gives no answer is asked again. Null: no answer came. */
function send({ clients: { platform } }: AskedPlatform, order: object): Promise<ApiAnswer | null> {
  const key = systemSecrets.newToken();
  const patience = { retryMs: sendAgainMs, totalMs: sendWithinMs };
  return retryWithin(wallClock, patience, () => platform.send('POST', '/purchases', order, key));
}

/** The purchase once it has ended, or as it stands after `withinMs`. Each new phase is a line on standard error. */
async function untilEnded(
  clock: Clock,
  platform: ApiClient,
  bought: Purchase,
  withinMs: number,
): Promise<Purchase> {
  const startedAt = clock.now();
  let purchase = bought;
  let said = '';
  for (;;) {
    const phase = purchase.activation.phase.replaceAll('_', ' ');
    if (phase !== said)
      process.stderr.write(`${Math.round((clock.now() - startedAt) / 1_000)} s · ${phase}\n`);
    said = phase;
    const leftMs = startedAt + withinMs - clock.now();
    if (hasEnded(purchase) || leftMs <= 0) return purchase;
    await sleep(clock, Math.min(lookEveryMs, leftMs));
    purchase = (await newest(platform, bought.id)) ?? purchase;
  }
}

/** Null while the platform gives no answer: it may come back before the time is over. */
async function newest(platform: ApiClient, id: string): Promise<Purchase | null> {
  try {
    const { status, body } = await platform.get(`/purchases/${id}`);
    return status === 200 ? (body as Purchase) : null;
  } catch (error) {
    if (error instanceof TransportError || error instanceof ClientRefused) return null;
    throw error;
  }
}
