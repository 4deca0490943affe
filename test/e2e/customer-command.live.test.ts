import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

/** The files of the platform's database, as bytes. */
const filesOf = (folder: string) =>
  ['platform.db', 'platform.db-wal']
    .map((file) => readFileSync(join(folder, file), { encoding: 'latin1', flag: 'a+' }))
    .join('');

test('fleetwake shows a record in two views, and exports and erases a customer, on a running platform', async () => {
  await withPlatform({ vehicles: [{}] }, async (platform) => {
    const { origins, dataFolder, standIns } = platform;
    const { id } = await buy(platform);
    await until(() => standIns.mailbox.counts().total === 3, 'all mails came');
    const run = (...words: string[]) =>
      fleetwake(dataFolder, [...words, '--platform-url', origins.platform, '--data', dataFolder]);

    const page = join(dataFolder, 'record.html');
    const written = await run('purchase', 'record', id, '--view', 'customer', '--html', page);
    expect(written).toEqual({ exitCode: 0, stdout: '', stderr: `it is in ${page}\n` });
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain(`<title>Record of purchase ${id}</title>`);
    expect([html.includes('the service is active'), html.includes('command.accepted')]).toEqual([
      true,
      false,
    ]);
    const whole = await run('purchase', 'record', id, '--json');
    const types = (JSON.parse(whole.stdout) as { events: { type: string }[] }).events.map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual([
      'purchase.created',
      'payment.authorised',
      'activation.payment_confirmed',
    ]);
    expect(types).toContain('command.accepted');
    expect((await run('purchase', 'record', id)).stdout).toContain('the payment was confirmed');
    expect(await run('purchase', 'record', 'pur_nothing')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'fleetwake: There is no purchase pur_nothing.\n',
    });

    for (const words of [
      ['export', 'zoe'],
      ['erase', 'zoe', '--yes'],
    ])
      expect(await run('customer', ...words)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: 'fleetwake: No customer has the id zoe. Check the id: purchases name it as customerId.\n',
      });
    const exported = await run('customer', 'export', 'customer-1');
    const { customer } = JSON.parse(exported.stdout) as { customer: { id: string; email: string } };
    expect(customer.id).toBe('customer-1');
    expect(filesOf(dataFolder)).toContain(customer.email);
    expect(await run('customer', 'erase', 'customer-1')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'fleetwake: erasing customer-1 cannot be undone, and the id cannot be used again: add --yes\n',
    });
    // The mails came; that they did is written down a moment later.
    const erase = () => run('customer', 'erase', 'customer-1', '--yes');
    let erased = await erase();
    while (erased.exitCode === 1 && /notice|payment service/.test(erased.stderr)) erased = await erase();
    expect([erased.exitCode, erased.stderr]).toEqual([0, '']);
    expect(erased.stdout).toMatch(
      /^the personal data of customer-1 was erased at \S+Z; the database files contain none of it\n$/,
    );
    expect(filesOf(dataFolder)).not.toContain(customer.email);
    const after = await run('customer', 'export', 'customer-1');
    expect(JSON.parse(after.stdout).customer).toMatchObject({ email: 'customer-1@erased.invalid' });
  });
});
