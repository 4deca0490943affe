import { shippedScenario } from '../../../simulator/scenarios/library.ts';

export const defaultScenario = shippedScenario('default');
