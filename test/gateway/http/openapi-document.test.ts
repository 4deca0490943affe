import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, it } from 'vitest';
import { withApiIot } from '../../helpers/api-iot.ts';
import { withPlatform } from '../../helpers/platform-under-test.ts';

/** The rules of `redocly lint` with its recommended set; a licence is for the publisher of an installation. */
async function lint(source: string): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended'],
    rules: { 'info-license': 'off', 'info-license-strict': 'off', 'operation-4xx-response': 'off' },
  });
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
}

it('the OpenAPI document of the platform passes redocly without an error or a warning', () =>
  withPlatform(async ({ fetch }) => {
    expect(await lint(await (await fetch('/openapi.json')).text())).toEqual([]);
  }));

it('the OpenAPI document of the API IoT passes redocly without an error or a warning', () =>
  withApiIot(async ({ call }) => {
    expect(await lint(await (await call('GET', '/openapi.json')).text())).toEqual([]);
  }));

it('patterns in both documents are of JSON Schema: no flags, and each compiles', async () => {
  const patterns: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (key === 'pattern' && typeof item === 'string') patterns.push(item);
      collect(item);
    }
  };
  await withPlatform(async ({ fetch }) => collect(await (await fetch('/openapi.json')).json()));
  await withApiIot(async ({ call }) => collect(await (await call('GET', '/openapi.json')).json()));
  expect(patterns.length).toBeGreaterThan(20);
  for (const pattern of patterns) {
    expect(() => new RegExp(pattern, 'u'), pattern).not.toThrow();
    expect(pattern).toMatch(/^\^.*\$$/);
  }
});
