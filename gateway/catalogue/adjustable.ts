import type { Configuration } from './configuration.ts';

/** Why these parameters may not be sent instead of the template's, a sentence each; empty when they may. */
export function adjustmentFaults(
  configuration: Configuration,
  parameters: Readonly<Record<string, string | number | boolean>>,
): string[] {
  const { adjustable = {}, serviceId, model, version } = configuration;
  const names = Object.keys(adjustable);
  const may = names.length === 0 ? 'nothing' : names.join(', ');
  return Object.entries(parameters).flatMap(([name, value]) => {
    const rule = Object.hasOwn(adjustable, name) ? adjustable[name] : undefined;
    if (rule === undefined)
      return [
        `${name} may not be changed: the template ${serviceId}/${model}.v${version} lets ${may} be changed`,
      ];
    if ('oneOf' in rule) {
      const fits = rule.oneOf.includes(value);
      return fits
        ? []
        : [`${name} must be one of ${rule.oneOf.map((one) => JSON.stringify(one)).join(', ')}`];
    }
    const fits = typeof value === 'number' && value >= rule.min && value <= rule.max;
    return fits ? [] : [`${name} must be a number from ${rule.min} to ${rule.max}`];
  });
}
