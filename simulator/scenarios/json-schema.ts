import { z } from 'zod';
import { scenarioSchema } from './scenario.ts';

type Properties = z.core.JSONSchema.JSONSchema['properties'];

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
  return { ...schema, title: 'Fleetwake scenario', properties: withOptionalCount(schema) };
}

/** A scenario that states its purchases may leave out how many are drawn, and within which time. */
function withOptionalCount({ properties }: { readonly properties?: Properties }): Properties {
  const { purchases } = properties ?? {};
  if (typeof purchases !== 'object') return properties;
  const required = (purchases.required ?? []).filter((name) => name !== 'count' && name !== 'overMs');
  return { ...properties, purchases: { ...purchases, required } };
}
