import type { Hono } from 'hono';
import type { FaultRecord } from '../../faults/fault.ts';
import { shippedNames, shippedScenario } from '../../scenarios/library.ts';
import type { ConsoleEnv } from './console-env.ts';

interface FaultPreset {
  readonly scenario: string;
  readonly record: FaultRecord;
}

/** `GET /api/fault-presets`: the faults of the scenario library, to begin with one of them. */
export function mountFaultPresets(app: Hono<ConsoleEnv>): void {
  let known: readonly FaultPreset[] | null = null;
  app.get('/api/fault-presets', (context) => {
    known ??= shippedNames().flatMap((scenario) =>
      (shippedScenario(scenario).faults?.list ?? []).map((record) => ({ scenario, record })),
    );
    return context.json({ presets: known });
  });
}
