import { expect, test } from 'vitest';
import { parametersOf } from '../../../simulator/console/page/page-path.ts';

test.each([
  ['/', '/', {}],
  ['/faults', '/faults', {}],
  ['/vehicles/:vin', '/vehicles/1M8GDM9AXKP042788', { vin: '1M8GDM9AXKP042788' }],
  ['/customers/:id', '/customers/auth0%7C507f', { id: 'auth0|507f' }],
  ['/vehicles/:vin', '/vehicles/', null],
  ['/vehicles/:vin', '/vehicles/a/b', null],
  ['/vehicles/:vin', '/purchases/a', null],
  ['/vehicles/:vin', '/vehicles/%E0%A4%A', null],
])('reads the parameters of %s from %s', (pattern, path, parameters) => {
  expect(parametersOf(pattern, path)).toEqual(parameters);
});
