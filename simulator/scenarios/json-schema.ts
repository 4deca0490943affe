import { z } from 'zod';
import { scenarioSchema } from './scenario.ts';

/** The schema of scenario files for editors; `schemas/scenario.schema.json` holds it. Draft 7 is what most of them read. */
export function scenarioJsonSchema(): object {
  const schema = z.toJSONSchema(scenarioSchema, {
    io: 'input',
    target: 'draft-7',
    // The package leaves out the default of what a text is turned into.
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === 'default') jsonSchema.default = def.defaultValue as typeof jsonSchema.default;
    },
  });
  return { ...schema, title: 'Fleetwake scenario' };
}
