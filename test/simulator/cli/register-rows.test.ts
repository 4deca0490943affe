import { expect, it } from 'vitest';
import { readRegisterRows } from '../../../simulator/cli/register-rows.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';

const defaults = { model: 'aurora-2026', customer: 'customer-0001' };

it('reads one vehicle per line, with the defaults of the command, and names each line that it cannot use', () => {
  const text = [
    '{"vin": "1M8GDM9AXKP042788", "customer": "ana", "email": "ana@example.com"}',
    '',
    'WDBEA30D3HA391172',
    '{"vin": "x"}',
    '{"vin": "WDBEA30D3HA391172", "model": "nova"}',
    '{"vin": "WDBEA30D3HA391172", "colour": "red"}',
    '{"vin": "11111111111111111"}',
    '{"vin": "1M8GDM9AXKP042788"}',
  ].join('\r\n');
  const { rows, refused } = readRegisterRows(text, defaults, shippedModels());
  expect(rows).toEqual([
    {
      line: 1,
      vin: '1M8GDM9AXKP042788',
      model: 'aurora-2026',
      customer: 'ana',
      email: 'ana@example.com',
      name: null,
      language: 'en',
    },
    {
      line: 7,
      vin: '11111111111111111',
      model: 'aurora-2026',
      customer: 'customer-0001',
      email: null,
      name: null,
      language: 'en',
    },
  ]);
  expect(refused.map(({ line, vin }) => [line, vin])).toEqual([
    [3, null],
    [4, 'x'],
    [5, 'WDBEA30D3HA391172'],
    [6, null],
    [8, '1M8GDM9AXKP042788'],
  ]);
  expect(refused.map(({ reason }) => reason.split(':')[0])).toEqual([
    'the line is not a JSON object such as {"vin"',
    '"x" is not a VIN',
    'there is no model "nova"; there are',
    'the line',
    'line 1 has this VIN already',
  ]);
});
