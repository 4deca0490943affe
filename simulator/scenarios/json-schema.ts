import { z } from 'zod';
import { scenarioSchema } from './scenario.ts';

/** The schema of scenario files for editors; `schemas/scenario.schema.json` holds it. Draft 7 is what most of them read. */
export function scenarioJsonSchema(): object {
  const schema = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'Fleetwake scenario' };
}
