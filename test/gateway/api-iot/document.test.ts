import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  callbackSchema,
  commandResourceSchema,
  configureRequestSchema,
  connectionHistorySchema,
  historySchema,
  telemetryHistorySchema,
  vehicleHealthSchema,
  vehicleListSchema,
  vehicleTwinSchema,
} from '../../../shared/protocol/api-iot.ts';
import { problemTypes } from '../../../shared/protocol/problem.ts';

const text = readFileSync(new URL('../../../docs/api-iot.md', import.meta.url), 'utf8');

it('the page lists every problem type with its status', () => {
  const table = text.slice(text.indexOf('<!-- problems -->'), text.indexOf('<!-- /problems -->'));
  const listed = [...table.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, name, status]) => [
    name,
    Number(status),
  ]);
  expect(new Map(listed as [string, number][])).toEqual(
    new Map(Object.entries(problemTypes).map(([name, { status }]) => [name, status])),
  );
});

it("the page's literal answers follow the schemas, and its request is one that is accepted", () => {
  const blocks = [...text.matchAll(/```json\n([^`]+)```/g)].map(
    ([, json]) => JSON.parse(json ?? '') as unknown,
  );
  const follows = (schema: { safeParse(value: unknown): { success: boolean } }) =>
    blocks.filter((block) => schema.safeParse(block).success).length;
  expect([
    follows(commandResourceSchema),
    follows(callbackSchema),
    follows(vehicleTwinSchema),
    follows(vehicleHealthSchema),
    follows(historySchema),
    follows(connectionHistorySchema),
    follows(telemetryHistorySchema),
    follows(vehicleListSchema),
  ]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  const request = /-d '(\{\n[^']+)'/.exec(text)?.[1] ?? '';
  expect(configureRequestSchema.safeParse(JSON.parse(request)).success).toBe(true);
});
