import { expect, it } from 'vitest';
import { readAdapter } from '../../../gateway/adapter/adapter-file.ts';
import { readPolicy } from '../../../simulator/check/own-policy.ts';
import { readFault } from '../../../simulator/control/read-fault.ts';
import { readModelFile } from '../../../simulator/models/model-file.ts';
import { readScenarioFile } from '../../../simulator/scenarios/scenario-file.ts';
import { readMapping } from '../../../simulator/target/mapping.ts';

const fault = { name: 'slow', layer: 'link', type: 'latency', attributes: { latencyMss: 1 } };

it.each([
  [
    'a scenario',
    readScenarioFile('vehicles: { cuont: 1 }', 'my.yaml', []),
    'my.yaml:1:13: vehicles.cuont is no field of a scenario; did you mean count?',
  ],
  [
    'a vehicle model',
    readModelFile('featurs: []', 'my.yaml'),
    'my.yaml:1:1: featurs is no field of a vehicle model; did you mean features?',
  ],
  [
    'an adapter',
    readAdapter('capabilites: []', 'my.yaml'),
    'my.yaml:1:1: capabilites is no field of an adapter; did you mean capabilities?',
  ],
  [
    'a mapping',
    readMapping('my.yaml', 'paymant: {}'),
    'my.yaml:1:1: paymant is no field of a mapping; did you mean payment?',
  ],
  [
    'a policy',
    readPolicy('my.yaml', 'maxRetry: 1'),
    'my.yaml has the unknown field "maxRetry"; did you mean maxRetries?',
  ],
  ['a fault', readFault(fault), 'attributes.latencyMss is no field of a fault; did you mean latencyMs?'],
] as const)('an unknown field of %s is named with the one that it resembles', (_, reading, sentence) => {
  expect('mistakes' in reading ? reading.mistakes : []).toContain(sentence);
});
