import { expect, test } from 'vitest';
import { hourMs, type RestoredSystem, withRestoredSystem } from './restored-system.ts';

interface Listed {
  readonly stoppedAt: number | null;
  readonly collected: boolean;
  readonly findings: { readonly id: string; readonly kind: string; readonly decision: string | null }[];
}

async function buy(
  { shop, vins }: RestoredSystem,
  vehicle: number,
  serviceId: string,
  duration = { unit: 'months', count: 1 },
): Promise<string> {
  const order = { vin: vins[vehicle], serviceId, duration };
  const body = { ...order, customerId: `customer-${vehicle + 1}`, paymentMethod: 'pm_card_visa' };
  const answer = await shop.send('POST', '/purchases', body, `${serviceId}-${vehicle}`);
  expect(answer.status).toBe(201);
  return (answer.body as { activation: { id: string } }).activation.id;
}

async function listed({ operator }: RestoredSystem): Promise<Listed> {
  return (await operator.get('/restore')).body as Listed;
}

const idOf = ({ findings }: Listed, kind: string, ids: readonly string[] = []) =>
  findings.filter((one) => one.kind === kind && !ids.includes(one.id)).map(({ id }) => id);

/** Three purchases, of which the backup knows the first. Each vehicle has its feature on. */
async function restored(system: RestoredSystem): Promise<{ activations: string[]; features: string[] }> {
  const { vins } = system;
  const activations = [await buy(system, 0, 'heated-seats')];
  await system.pass(60_000);
  const backup = system.backUp();
  activations.push(await buy(system, 1, 'heated-seats'), await buy(system, 2, 'adaptive-cruise'));
  await system.pass(60_000);
  const features = [`${vins[0]} heated_seats`, `${vins[1]} heated_seats`, `${vins[2]} adaptive_cruise`];
  expect(system.activeFeatures()).toEqual(features);
  await system.restore(backup);
  return { activations, features };
}

test('switches nothing off after an older database was restored, and lists what it does not know', async () => {
  await withRestoredSystem(async (system) => {
    const { activations, features } = await restored(system);
    const { vins, shop, log } = system;
    await system.pass(3 * hourMs);
    expect(system.activeFeatures()).toEqual(features);

    const list = await listed(system);
    expect(list).toMatchObject({ stoppedAt: expect.any(Number), collected: true });
    expect(list.findings.map(({ id: _, ...finding }) => finding)).toEqual(
      expect.arrayContaining([
        {
          ...{ kind: 'payment_without_purchase', vin: vins[1], serviceId: 'heated-seats', feature: null },
          payment: {
            activationId: activations[1],
            price: { amountMinor: 1490, currency: 'EUR' },
            status: 'captured',
            createdAt: expect.any(Number),
          },
          ...{ difference: null, books: null, decision: null, decidedBy: null, decidedAt: null },
        },
        {
          ...{ kind: 'payment_without_purchase', vin: vins[2], serviceId: 'adaptive-cruise', feature: null },
          payment: {
            activationId: activations[2],
            price: { amountMinor: 2990, currency: 'EUR' },
            status: 'captured',
            createdAt: expect.any(Number),
          },
          ...{ difference: null, books: null, decision: null, decidedBy: null, decidedAt: null },
        },
        ...[
          [vins[1], 'heated_seats'],
          [vins[2], 'adaptive_cruise'],
        ].map(([vin, feature]) => ({
          ...{ kind: 'feature_without_owner', vin, serviceId: null, feature, payment: null },
          ...{ difference: null, books: null, decision: null, decidedBy: null, decidedAt: null },
        })),
      ]),
    );
    expect(list.findings.length).toBe(4);
    expect(log.map(({ event }) => event)).toEqual([
      'restore.recognised',
      'restore.finding',
      'restore.finding',
      'restore.finding',
      'restore.finding',
      'restore.findings_collected',
    ]);
    const ready = await shop.get('/readyz');
    expect([ready.status, ready.body]).toMatchObject([
      503,
      { reasons: [expect.stringContaining('older than the payments')] },
    ]);
    const body = { ...{ vin: vins[0], serviceId: 'sport-mode', customerId: 'customer-1' } };
    const order = { ...body, duration: { unit: 'months', count: 1 }, paymentMethod: 'pm_card_visa' };
    expect((await shop.send('POST', '/purchases', order)).status).toBe(503);
  });
});

test('resumes once every finding is decided: adopted features are owned again, refunded ones are switched off', async () => {
  await withRestoredSystem(async (system) => {
    const { activations, features } = await restored(system);
    const { operator, shop, vins, ledger } = system;
    await system.pass(10_000);
    const list = await listed(system);
    const payments = idOf(list, 'payment_without_purchase');
    const decide = (id: string, choice: string) =>
      operator.send('POST', `/restore/findings/${id}`, { choice, by: 'olga' });
    const vinOf = (id: string) => list.findings.find((one) => one.id === id) as unknown as { vin: string };
    const [adopted = ''] = payments.filter((id) => vinOf(id).vin === vins[1]);
    const [refunded = ''] = payments.filter((id) => vinOf(id).vin === vins[2]);

    const early = await operator.send('POST', '/restore/resume');
    expect([early.status, early.body]).toMatchObject([
      409,
      { detail: '4 findings are undecided. GET /restore lists them.' },
    ]);
    // What was paid is not switched off.
    const ignored = await decide(`${vins[2]}.adaptive_cruise`, 'ignore');
    expect([ignored.status, ignored.body]).toMatchObject([
      409,
      {
        type: 'urn:fleetwake:problem:not-decidable',
        detail: `${vins[2]}.adaptive_cruise cannot be decided so: the payment ${refunded} is for it, and what was paid is not switched off: adopt or refund that payment first.`,
      },
    ]);
    expect((await decide(refunded, 'refund')).status).toBe(200);
    expect((await decide(`${vins[2]}.adaptive_cruise`, 'ignore')).status).toBe(200);
    expect((await decide(adopted, 'adopt')).body).toMatchObject({ decision: 'adopt', decidedBy: 'olga' });
    expect((await decide(adopted, 'refund')).status).toBe(404);
    // The purchase owns the feature.
    expect(idOf(await listed(system), 'feature_without_owner').length).toBe(2);
    expect((await listed(system)).findings.map(({ decision }) => decision)).not.toContain(null);

    await system.pass(hourMs);
    expect(system.activeFeatures()).toEqual(features);
    expect((await operator.send('POST', '/restore/resume')).status).toBe(200);
    await system.pass(3 * hourMs);
    expect(system.activeFeatures()).toEqual(features.slice(0, 2));
    expect((await shop.get('/readyz')).status).toBe(200);
    const nets = await ledger.nets();
    expect(activations.map((id) => nets.get(id)?.netMinor)).toEqual([1490, 1490, 0]);
    const vehicle = (await shop.get(`/vehicles/${vins[1]}`)).body;
    expect(vehicle).toMatchObject({ services: [{ serviceId: 'heated-seats', status: 'active' }] });
    // Nothing is found at the next start.
    await system.restart();
    expect(await listed(system)).toMatchObject({ stoppedAt: null });
  });
});

test('switches nothing off while the payment service does not answer, and resumes once it does', async () => {
  await withRestoredSystem(async (system) => {
    const { operator, vins } = system;
    await buy(system, 0, 'sport-mode', { unit: 'hours', count: 24 });
    await system.pass(60_000);
    system.setPaymentsAway(true);
    await system.restart();
    // Its time is over, and yet it may have been renewed since the backup.
    await system.pass(26 * hourMs);
    expect(system.activeFeatures()).toEqual([`${vins[0]} sport_mode`]);
    expect(await listed(system)).toMatchObject({ stoppedAt: null });
    system.setPaymentsAway(false);
    await system.pass(hourMs);
    expect(system.activeFeatures()).toEqual([]);
    expect((await operator.get('/restore')).body).toMatchObject({ stoppedAt: null, findings: [] });
  });
});

test('ends no overdue activation and gives nothing back before the payment service has said whether the database is an older one', async () => {
  await withRestoredSystem(async (system) => {
    const { operator, vins, ledger } = system;
    const overdue = await buy(system, 0, 'heated-seats');
    // Paid, and not delivered yet.
    const backup = system.backUp();
    await system.pass(60_000);
    await buy(system, 1, 'heated-seats');
    await system.pass(26 * hourMs);
    system.setPaymentsAway(true);
    await system.restore(backup);
    await system.pass(hourMs);
    const read = async () => (await operator.get(`/activations/${overdue}`)).body as { phase: string };
    expect(await read()).toMatchObject({ phase: 'queued_for_activation' });
    system.setPaymentsAway(false);
    await system.pass(hourMs);
    expect(await listed(system)).toMatchObject({ stoppedAt: expect.any(Number) });
    expect(await read()).toMatchObject({ phase: 'queued_for_activation' });
    const kinds = (await ledger.allEntries()).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['authorised', 'authorised', 'captured', 'captured']);
    expect(system.activeFeatures()).toEqual([`${vins[0]} heated_seats`, `${vins[1]} heated_seats`]);
  });
});
