import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScrolling, useBrowser } from '../../helpers/browser.ts';
import { until } from '../../helpers/until.ts';
import { useUp } from './up-under-test.ts';

const browser = useBrowser();
const running = useUp(['--reports', 'my-reports']);

const reports = () => join(running().folder, 'my-reports');

/** The clients of the platform log in with a link once, with their secret as often as they like. */
async function open(path: string, options: { readonly width?: number; readonly isDark?: boolean } = {}) {
  const { addresses, keys } = running();
  const page = await browser.open(addresses.console, {
    viewport: { width: options.width ?? 1_280, height: 900 },
    colorScheme: options.isDark ? 'dark' : 'light',
  });
  await page.getByLabel('Client id').fill('operator');
  await page.getByLabel('Client secret').fill(keys.operatorSecret ?? '');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.goto(`${addresses.console}${path}`);
  return page;
}

/** A run of the library, made by the page. */
async function runScenario(scenario: string, seed: number) {
  const page = await open('/runs');
  await page.getByRole('combobox', { name: 'Scenario' }).selectOption(scenario);
  await page.getByRole('form', { name: 'Run a scenario' }).getByLabel('Seed').fill(String(seed));
  // The list is read anew each second: what was typed must stay.
  await page.waitForResponse((response) => response.url().endsWith('/api/runs'));
  await page.waitForResponse((response) => response.url().endsWith('/api/runs'));
  await page.getByRole('button', { name: 'Run in virtual time' }).click();
  await page.getByRole('link', { name: `Travel in ${scenario}, seed ${seed}` }).waitFor();
  return page;
}

describe('the page of runs', () => {
  test('runs a scenario, shows its report, and leads to its moments', async () => {
    const page = await runScenario('expired-token', 3);
    await expectAccessible(page);
    const row = page.getByRole('row', { name: /expired-token, seed 3/ });
    expect(await row.getByText('holds').count()).toBe(1);
    await row.getByRole('link', { name: 'Report of expired-token, seed 3' }).click();
    await page.getByRole('heading', { level: 1, name: 'Report' }).waitFor();
    await page.getByText('npx fleetwake run expired-token --seed 3').waitFor();
    expect(await page.getByRole('table').first().getByRole('row').count()).toBe(12);
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Travel in this run' }).click();
    await page.getByRole('heading', { level: 1, name: 'Time travel' }).waitFor();
  });

  test('compares two reports: what is new, known and resolved', async () => {
    await mkdir(reports(), { recursive: true });
    const report = (failures: readonly string[]) =>
      JSON.stringify({ seed: 1, runs: 5, ok: false, failures: failures.map((rule) => ({ rule })) });
    await writeFile(join(reports(), 'older.json'), report(['rule 3: refunds', 'rule 4: tickets']));
    await writeFile(join(reports(), 'newer.json'), report(['rule 4: tickets', 'rule 5: quota']));
    const page = await open('/runs?before=older.json&after=newer.json', { width: 360, isDark: true });
    const table = page.getByRole('region', { name: 'Findings' });
    await table.waitFor();
    expect(await table.locator('tbody tr').allTextContents()).toEqual([
      'rule 5: quotanew',
      'rule 4: ticketsknown',
      'rule 3: refundsresolved',
    ]);
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
  });

  test('compares two reports of one scenario: conclusion, figures and purchases that differ', async () => {
    await mkdir(reports(), { recursive: true });
    const report = (active: number, failed: number, p90: number | null, outcome: string, attempts: number) =>
      JSON.stringify({
        ...{ scenario: 'garage', seed: 1, timeScale: 1, ok: true, checks: [], expectations: [] },
        outcomes: { active, failed },
        attempts: { 1: active },
        timeToActiveMs: { p90 },
        money: { EUR: { keptMinor: active * 1_490 } },
        ...{ notices: {}, tickets: { HIGH: failed }, revocations: {}, faults: {} },
        activations: [{ purchase: '<b>p1</b>', outcome, attempts }],
      });
    await writeFile(join(reports(), 'garage-a.json'), report(10, 0, 2_500, 'active', 1));
    await writeFile(join(reports(), 'garage-b.json'), report(9, 1, null, 'failed', 6));
    const page = await open('/runs', { width: 360 });
    await page.getByLabel('First').selectOption({ label: 'garage, seed 1 (garage-a.json)' });
    await page.getByLabel('Second').selectOption({ label: 'garage, seed 1 (garage-b.json)' });
    const rowsOf = async (name: string) => {
      await page.getByRole('region', { name }).waitFor();
      const rows = await page.getByRole('region', { name }).locator('tbody tr').all();
      return Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
    };
    expect(await rowsOf('Figures that differ')).toEqual([
      ['outcomes.active', '10', '9', 'worse'],
      ['outcomes.failed', '0', '1', 'worse'],
      ['attempts.1', '10', '9', 'worse'],
      ['timeToActiveMs.p90', '2500', '–', 'worse'],
      ['tickets.HIGH', '0', '1', 'worse'],
      ['money.EUR.keptMinor', '14900', '13410', 'worse'],
    ]);
    expect(await rowsOf('Purchases that differ')).toEqual([
      ['<b>p1</b>', 'active, 1 attempt', 'failed, 6 attempts'],
    ]);
    await page.getByRole('status').getByText('worse', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?before=garage-a.json&after=garage-b.json');
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
  });

  test('keeps a second run of one seed beside the first, and shows both timelines on one axis', async () => {
    await browser.close(await runScenario('answer-lost-after-acting', 4));
    const page = await open('/runs');
    await page.getByRole('combobox', { name: 'Scenario' }).selectOption('answer-lost-after-acting');
    await page.getByRole('form', { name: 'Run a scenario' }).getByLabel('Seed').fill('4');
    await page.getByRole('button', { name: 'Run in virtual time' }).click();
    await page.getByRole('link', { name: 'Travel in answer-lost-after-acting, seed 4 (2)' }).waitFor();
    await page.getByLabel('First').selectOption('answer-lost-after-acting-4.json');
    await page.getByLabel('Second').selectOption('answer-lost-after-acting-4.2.json');
    await page.getByText('Every figure is the same.').waitFor();
    await page.getByRole('button', { name: 'Show both timelines' }).click();
    await until(async () => (await page.getByRole('application').count()) === 2, 'both are drawn');
    const counts = await page.locator('.tl-head p').allTextContents();
    expect(counts[0]).toBe(counts[1]);
    expect(new URL(page.url()).searchParams.has('timelines')).toBe(true);
    await expectAccessible(page);
  });

  test('answers while a check is under way, shows how far it is, and cancels it', async () => {
    const page = await open('/runs');
    await page.getByLabel('Runs', { exact: true }).fill('10000');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByText(/^\d+ of 10000 runs$/).waitFor();
    await page.getByRole('button', { name: 'Cancel check of 10000 runs, seed 1' }).click();
    await page.getByRole('heading', { name: 'Under way' }).waitFor({ state: 'detached' });
  });

  test('shows text of a file that others wrote as text', async () => {
    await mkdir(reports(), { recursive: true });
    const hostile = '<img src=x onerror=alert(1)>\u202e';
    await writeFile(
      join(reports(), 'hostile.json'),
      JSON.stringify({ scenario: hostile, seed: 9, ok: false, checks: [] }),
    );
    const page = await open('/runs');
    const row = page.getByRole('row', { name: /hostile\.json/ });
    await row.waitFor();
    expect(await row.locator('img').count()).toBe(0);
    expect(await row.textContent()).toContain('<img src=x onerror=alert(1)>');
    expect(await row.textContent()).not.toContain('\u202e');
  });

  test('of a viewer starts nothing', async () => {
    browser.expectFaults(/403 \(Forbidden\)/);
    const { addresses, keys } = running();
    const answer = await fetch(`${addresses.platform}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`operator:${keys.operatorSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'operations:read' }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const page = await browser.open(`${addresses.console}/runs`);
    await page.getByLabel('a token').check();
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Finished' }).waitFor();
    expect(await page.getByRole('button').allTextContents()).toEqual(['Log out']);
    const statuses = await page.evaluate(async () => {
      const { session } = (await (await fetch('/session')).json()) as { session: { changeToken: string } };
      const headers = { 'content-type': 'application/json', 'x-fleetwake-change': session.changeToken };
      const calls = [
        ['POST', '/api/runs', { kind: 'run', scenario: 'expired-token', seed: 1 }],
        ['POST', '/api/runs', { kind: 'check', runs: 1, seed: 1 }],
        ['DELETE', '/api/runs/1', {}],
        ['POST', '/api/runs/x.json/branches', { event: 1 }],
      ] as const;
      return Promise.all(
        calls.map(async ([method, path, body]) => {
          return (await fetch(path, { method, headers, body: JSON.stringify(body) })).status;
        }),
      );
    });
    expect(statuses).toEqual([403, 403, 403, 403]);
  });
});

describe('the page of time travel', () => {
  test('goes to an event by address, keys and steps, and back', async () => {
    await madeRun();
    const page = await open('/runs/slow-api-iot-2.run.json/travel?event=300');
    await page.getByText('State after event 300').waitFor();
    const state = page.getByRole('region', { name: 'State at the moment' });
    expect(await state.getByRole('region', { name: 'Vehicles' }).locator('tbody tr').count()).toBe(12);
    await page.getByLabel('Step by').selectOption('event');
    await page.getByRole('button', { name: 'Step forward' }).click();
    await page.getByText('State after event 301').waitFor();
    expect(new URL(page.url()).search).toBe('?event=301');
    await page.goBack();
    await page.getByText('State after event 300').waitFor();
    await page.getByRole('slider', { name: 'Event', exact: true }).focus();
    await page.keyboard.press('End');
    await page.getByText(/State after event \d+, the last/).waitFor();
    await page.reload();
    await page.getByText(/State after event \d+, the last/).waitFor();
    await page.getByRole('button', { name: 'Beginning' }).click();
    await page.getByText('State after event 0').waitFor();
    await page.getByLabel('Step by').selectOption('payments');
    await page.getByRole('button', { name: 'Step forward' }).click();
    await until(async () => (await state.getByRole('region', { name: 'Ledger' }).count()) > 0, 'money moved');
    await expectAccessible(page);
  });

  test('plays until it is paused, and follows an event that is chosen in the timeline', async () => {
    await madeRun();
    const page = await open('/runs/slow-api-iot-2.run.json/travel?event=200', { width: 360, isDark: true });
    await page.getByText('State after event 200').waitFor();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForURL((url) => Number(url.searchParams.get('event')) > 200);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.tl-list summary').click();
    const before = page.url();
    await page.locator('.tl-list li button').first().click();
    await page.waitForURL((url) => url.href !== before);
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
  });

  test('runs the branch with another fault, and shows from where it differs and how both end', async () => {
    await madeRun();
    const page = await open('/runs/slow-api-iot-2.run.json/travel?event=150');
    await page.getByText('State after event 150').waitFor();
    await page.getByLabel('Add an example').selectOption('every vehicle offline');
    await page.getByRole('button', { name: 'Run the branch' }).click();
    await page.getByText(/^The branch differs from the run from \+/).waitFor();
    const [run, branch] = await page
      .getByRole('region', { name: 'Run and branch' })
      .locator('dd')
      .allTextContents();
    expect(run).toMatch(/^\d+ events, 12 active; no rule was broken$/);
    expect(branch).toMatch(/failed/);
    expect(await page.getByRole('application').count()).toBe(3);
    await page.getByText('from here on both runs differ').first().waitFor();
    expect(await page.getByText('npx fleetwake replay slow-api-iot-2.run.json --at 150').count()).toBe(1);
    // The address has the change: who opens it finds the form filled, and runs it.
    await page.reload();
    await page.getByText('State after event 150').waitFor();
    expect(await page.getByLabel('Added fault as JSON').inputValue()).toBe(
      '{"type":"offline","layer":"link"}',
    );
    expect(await page.getByText(/^The branch differs/).count()).toBe(0);
    await page.getByRole('button', { name: 'Run the branch' }).click();
    await page.getByText(/^The branch differs from the run from \+/).waitFor();
    await expectAccessible(page);

    await page.getByLabel('Added fault as JSON').fill('{"type":"ofline"}');
    browser.expectFaults(/422/);
    await page.getByRole('button', { name: 'Run the branch' }).click();
    expect(await page.getByRole('alert').first().textContent()).toMatch(/^fault/);
  });

  test('travels in a failure that a check saved', async () => {
    await mkdir(reports(), { recursive: true });
    await copyFile('test/regressions/refusal-heard-late.json', join(reports(), 'refusal.json'));
    const page = await open('/runs/refusal.json/travel?event=100');
    await page.getByText(/State after event 10\d/).waitFor();
    await page.getByLabel('Leave out fault 0').check();
    await page.getByRole('button', { name: 'Run the branch' }).click();
    await page.getByText(/^The branch differs from the run from \+/).waitFor();
  });
});

test('a run that many ask at once answers 20, and tells the others to ask again', async () => {
  await mkdir(reports(), { recursive: true });
  await copyFile('test/regressions/refusal-heard-late.json', join(reports(), 'asked.json'));
  const page = await open('/runs');
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const { console: origin } = running().addresses;
  // Not by the page: a browser has six connections to a host.
  const answers = await Promise.all(
    Array.from({ length: 30 }, async (_, event) => {
      const answer = await fetch(`${origin}/api/runs/asked.json/moments/${event}`, { headers: { cookie } });
      const { detail = 'answered' } = (await answer.json()) as { detail?: string };
      return `${answer.status} ${detail}`;
    }),
  );
  expect(new Set(answers)).toEqual(
    new Set(['200 answered', '503 20 questions wait for this run: ask again once they are answered']),
  );
});

/** The run that is travelled: made once by the page. */
let made: Promise<unknown> | null = null;
async function madeRun(): Promise<void> {
  made ??= runScenario('slow-api-iot', 2).then((page) => browser.close(page));
  await made;
}
