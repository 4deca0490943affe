import { expect, test } from 'vitest';
import { inProcess } from './command-in-process.ts';

test.each([
  [['gatewai'], "error: unknown command 'gatewai'\n(Did you mean gateway?)"],
  [['gateway', '--port'], "error: option '--port <port>' argument missing"],
  [
    ['run', 'everything'],
    'there is no scenario "everything": see "fleetwake scenarios", or give a file with its extension, everything.yaml',
  ],
  [['run', '--seed', '-1'], '--seed must be a whole number from 0 to 4294967295, not "-1"'],
  [['up', '--vehicles', 'many'], '--vehicles must be a whole number from 0 to 900000, not "many"'],
  [['check', '--workers', '0'], '--workers must be a whole number from 1 to 64, not "0"'],
  [
    ['register', 'WFWAUR1E'],
    '"WFWAUR1E" is not a VIN: a VIN has 17 characters: digits and capital letters without I, O and Q',
  ],
  [
    ['register', '1M8GDM9AXKP042788', '--model', 'beetle'],
    'there is no model "beetle"; there are: aurora-2026, borealis-2026, cirrus-2025',
  ],
  [['purchase', '--limit', 'nonsense'], '--limit must be a whole number from 1 to 100, not "nonsense"'],
  [
    ['gateway', '--quota', 'nonsense'],
    '--quota (API_IOT_QUOTA) must be a whole number from 1 to 100000, not "nonsense"',
  ],
  [
    ['gateway', '--roles', 'api-iot,broker', '--api-iot-url', 'http://127.0.0.1:1'],
    '--roles api-iot,broker: nothing would run here, because API_IOT_URL names an API IoT elsewhere: leave it out, or name platform or engine',
  ],
  [['vehicle'], "error: missing required argument 'vin'"],
  [
    ['purchase', '--data', '/nowhere'],
    "there is no keys.json in /nowhere: give the gateway's data folder with --data",
  ],
])('a call is refused with a sentence: fleetwake %j', async (parameters, sentence) => {
  const { stdout, stderr, error } = await inProcess(parameters);
  // Commander writes its own sentences; the others are written by the entry point.
  const said = sentence.startsWith('error: ') ? stderr : `${error}\n`;
  expect([stdout, said]).toEqual(['', `${sentence}\n`]);
});
