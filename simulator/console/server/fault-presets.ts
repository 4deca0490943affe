import type { Hono } from 'hono';
import { shippedNames, shippedScenario } from '../../scenarios/library.ts';
import { type RunningFaults, runningFaults } from '../../scenarios/running-faults.ts';
import type { ConsoleEnv } from './console-env.ts';

interface FaultPreset extends RunningFaults {
  readonly scenario: string;
  readonly description: string;
}

/** `GET /api/fault-presets`: each scenario of the library with its faults, as a system of this time scale takes them. */
export function mountFaultPresets(
  app: Hono<ConsoleEnv>,
  { timeScale }: { readonly timeScale: number },
): void {
  let known: readonly FaultPreset[] | null = null;
  app.get('/api/fault-presets', (context) => {
    known ??= shippedNames().map((name) => {
      const scenario = shippedScenario(name);
      return { scenario: name, description: scenario.description, ...runningFaults(scenario, timeScale) };
    });
    return context.json({ presets: known });
  });
}
