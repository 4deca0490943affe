import { expect, it } from 'vitest';
import { agesText, readAges, standardAges } from '../../../gateway/retention/ages.ts';

const dayMs = 86_400_000;

it('reads ages, and gives what is left out its standard age', () => {
  expect(readAges('history=36500d, commands=ever')).toEqual({
    ages: { ...standardAges, history: 36_500 * dayMs, commands: null },
  });
  expect(readAges(agesText(standardAges))).toEqual({ ages: standardAges });
});

it('refuses an unknown name, a name given twice, and an age that something still needs', () => {
  const faults = [
    'purchases=1d',
    'history=10d,history=20d',
    'commands=1d',
    'connections=ever',
    'history=soon',
  ];
  expect(faults.map((text) => readAges(text))).toEqual([
    {
      fault:
        'knows history, operations, notifications, parked, payment-events, commands, connections, telemetry, such as history=3650d,commands=90d',
    },
    { fault: 'must name history once' },
    { fault: 'must keep commands from 7d to ever, such as commands=90d' },
    { fault: 'must keep connections from 1h to 30d, such as connections=30d' },
    { fault: 'must keep history from 1d to ever, such as history=3650d' },
  ]);
});
