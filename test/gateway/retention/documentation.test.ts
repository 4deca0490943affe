import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import { apiIotKept, apiIotRules } from '../../../gateway/api-iot/store/retention-rules.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { ageLimits, ageNames } from '../../../gateway/retention/ages.ts';
import type { PruneRule } from '../../../gateway/retention/rule.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import { platformKept, platformRules } from '../../../gateway/store/retention-rules.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { textOfDuration } from '../../../shared/protocol/duration-text.ts';

const page = readFileSync(new URL('../../../docs/retention.md', import.meta.url), 'utf8');

/** Returns what stands between two marks of the page. */
function marked(mark: string): string {
  const [, text = ''] = new RegExp(`<!-- ${mark} -->\\n([\\s\\S]*?)<!-- /${mark} -->`).exec(page) ?? [];
  return text;
}

const plain = (sql: string) => sql.replaceAll('coalesce', '').replaceAll(/[()]/g, '');
const ruleRow =
  (service: string) =>
  ({ table, age, since, condition }: PruneRule) =>
    `| ${service} | \`${table}\` | \`${age}\` | \`${plain(since).split(',')[0]}\` | ${condition} |\n`;

const ageText = (ms: number | undefined) => (ms === undefined ? 'ever' : textOfDuration(ms));
const reasons: Readonly<Record<string, string>> = {
  history: 'what a customer asks about the day after',
  operations: 'reconciliation counts its commands of a day',
  notifications: 'the limit of e-mails per address and day counts them',
  parked: 'an operator looks at them',
  'payment-events': 'the payment service may send an event again for 30 days',
  commands: 'the quota counts them, and the engine reads what became of an attempt for a day',
  connections: 'the newest hour is on the map',
  telemetry: 'the newest hour is shown',
};

it('docs/retention.md lists each rule, age and kept table of the code', () => {
  const rules = [
    '| service | table | age | counts from | and |\n|---|---|---|---|---|\n',
    ...platformRules(false).map(ruleRow('platform')),
    ...apiIotRules.map(ruleRow('API IoT')),
  ];
  expect(marked('rules')).toBe(rules.join(''));
  const ages = ageNames.map((name) => {
    const { standardMs, leastMs, mostMs }: { standardMs: number; leastMs: number; mostMs?: number } =
      ageLimits[name];
    return `| \`${name}\` | ${ageText(standardMs)} | ${ageText(leastMs)} | ${ageText(mostMs)} | ${reasons[name]} |\n`;
  });
  const agesHead = '| age | default | least | most | why no less |\n|---|---|---|---|---|\n';
  expect(marked('ages')).toBe(agesHead + ages.join(''));
  const keptRow =
    (service: string) =>
    ([table, why]: readonly [string, string]) =>
      `| ${service} | \`${table}\` | ${why} |\n`;
  const kept = [
    '| service | table | why |\n|---|---|---|\n',
    ...Object.entries(platformKept).map(keptRow('platform')),
    ...Object.entries(apiIotKept).map(keptRow('API IoT')),
  ];
  expect(marked('kept')).toBe(kept.join(''));
});

async function tablesOf<Schema>(
  migrate: (database: Database<Schema>) => Promise<void>,
): Promise<readonly string[]> {
  const database = openSqlite<Schema>(':memory:');
  await migrate(database);
  const tables = await database.reader.introspection.getTables();
  await database.close();
  return tables.map(({ name }) => name).filter((name) => name !== 'migrations');
}

it('every table has an age or a reason to be kept', async () => {
  const known = (rules: readonly PruneRule[], kept: object) =>
    new Set([...rules.map(({ table }) => table), ...Object.keys(kept)]);
  expect(known(platformRules(false), platformKept)).toEqual(
    new Set(await tablesOf<PlatformSchema>(migratePlatform)),
  );
  expect(known(apiIotRules, apiIotKept)).toEqual(new Set(await tablesOf<ApiIotSchema>(migrateApiIot)));
});
