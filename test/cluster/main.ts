import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type ClusterRun, runCluster } from './run.ts';

const { values } = parseArgs({
  options: {
    vehicles: { type: 'string', default: '4000' },
    purchases: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
  },
});

function whole(name: 'vehicles' | 'purchases' | 'seconds' | 'seed'): number {
  const number = Number(values[name]);
  if (/^\d{1,6}$/.test(values[name]) && number > 0) return number;
  process.stderr.write(`--${name} must be a whole number from 1 to 999999, not "${values[name]}"\n`);
  process.exit(2);
}

function print({ ended, outcomes, broken, rules, count, seconds }: ClusterRun): void {
  const table = new Table({ head: ['part', 'away'], style: { head: [], border: [] } });
  for (const { name, awayMs } of ended) table.push([name, `${(awayMs / 1_000).toFixed(1)} s`]);
  const { paid, owned, reportedActive, faults } = count;
  process.stdout.write(`${table.toString()}
Outcomes   ${Object.entries(outcomes)
    .map(([name, number]) => `${number} ${name}`)
    .join(', ')}
Own count  ${paid} paid purchases, ${owned} lasting entitlements, ${reportedActive} of them reported as active
Rules      ${rules - broken.length} of ${rules} hold
Time       ${seconds} s
`);
  for (const line of [...broken, ...faults.slice(0, 20)]) process.stdout.write(`BROKEN     ${line}\n`);
}

const size = {
  vehicles: whole('vehicles'),
  purchases: whole('purchases'),
  overMs: whole('seconds') * 1_000,
  ...{ awayMs: 2_000, pauseMs: 5_000 },
};
const run = await runCluster(size, whole('seed'), (text) => process.stderr.write(`${text}\n`));
print(run);
process.exitCode = run.broken.length + run.count.faults.length === 0 ? 0 : 1;
