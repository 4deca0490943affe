import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAdapter, readAdapterFile } from '../../../gateway/adapter/adapter-file.ts';
import { adapterJsonSchema } from '../../../gateway/adapter/adapter-schema.ts';
import { shippedAdaptersFolder } from '../../../gateway/adapter/shipped-adapters.ts';

const folder = shippedAdaptersFolder();
const shipped = readdirSync(folder).sort((a, b) => a.localeCompare(b));
const good = readFileSync(join(folder, 'synchronous.yaml'), 'utf8');

test.each(shipped)('the shipped adapter %s can be read', (name) => {
  const reading = readAdapterFile(join(folder, name));
  expect(reading.ok ? [] : reading.mistakes).toEqual([]);
});

/** The mistakes of the shipped synchronous adapter with a change. */
function mistakesOf(before: string, after: string): readonly string[] {
  expect(good).toContain(before);
  const reading = readAdapter(good.replace(before, after), 'my.yaml');
  return reading.ok ? [] : reading.mistakes;
}

test.each([
  [
    'a pointer that finds nothing in the answers',
    ['    at: /status', '    at: /stat'],
    [
      'my.yaml:20:9: command.state.at is "/stat", which finds nothing in configure.example; write the pointer to it, or correct the example',
      'my.yaml:20:9: command.state.at is "/stat", which finds nothing in history.example; write the pointer to it, or correct the example',
    ],
  ],
  [
    'a list that is not where the file says',
    ['commands: /entries', 'commands: /commands'],
    [
      'my.yaml:31:13: history.commands is "/commands", which finds nothing in history.example; write the pointer to it, or correct the example',
    ],
  ],
  [
    'a place of features that is wrong',
    ['feature: /name', 'feature: /nom'],
    [
      'my.yaml:42:14: status.reported.feature is "/nom", which finds nothing in status.example; write the pointer to it, or correct the example',
    ],
  ],
  [
    'an error code that is not there',
    ['code: /error', 'code: /code'],
    [
      'my.yaml:47:9: errors.code is "/code", which finds nothing in errors.example; write the pointer to it, or correct the example',
    ],
  ],
  [
    'what is no JSON Pointer',
    ['at: /status', 'at: status'],
    [
      'my.yaml:20:9: command.state.at is "status"; write a JSON Pointer such as /data/id, or "" for the whole answer',
    ],
  ],
  [
    'an unknown field',
    ['targets:', 'target:'],
    ['my.yaml:16:1: target is no field of an adapter; did you mean targets?'],
  ],
  [
    'a token request without a path',
    ['  path: /token\n', ''],
    ['my.yaml:6:3: token.path is missing; write a path such as /oauth/token, or the URL of another host'],
  ],
  [
    'no token request',
    ['token:\n  path: /token\n  client: body\n', ''],
    ['my.yaml:3:1: token is missing; write the token request, with its path, or none'],
  ],
  [
    'a name that is not filled in',
    ["state: '{target}'", "state: '{state}'"],
    [
      'my.yaml:12:12: configure.body.state names {state}; write one of {vin}, {feature}, {target}, {parameters}, {reference}, {key}, {traceparent}, {displayReceiving}, {displayApplied}, {callbackUrl}, {commandId}, {clientId}, {clientSecret}',
    ],
  ],
  [
    'a state in an example that is not listed',
    ['applied: [applied]', 'applied: [done]'],
    [
      'my.yaml:22:7: command.state.values do not list "applied", the state in configure.example; add it to a state',
      'my.yaml:22:7: command.state.values do not list "applied", the state in history.example; add it to a state',
    ],
  ],
  [
    'a capability that the file lacks what it needs for',
    ['[synchronous, history]', '[synchronous, idempotency_key]'],
    [
      'my.yaml:4:29: capabilities[1] is idempotency_key, and the file lacks what it needs; send {key} in configure.headers or configure.body',
    ],
  ],
  [
    'no way to learn how a command ends',
    ['[synchronous, history]', '[]'],
    [
      'my.yaml:4:15: capabilities has no way to learn how a command ends; add one of callback, history, history_item, synchronous',
    ],
  ],
] as const)('names file, line and fix of %s', (_, [before, after], sentences) => {
  expect(mistakesOf(before, after)).toEqual(sentences);
});

test('the example of docs/own-api-iot.md can be read', () => {
  const page = readFileSync(new URL('../../../docs/own-api-iot.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n(name: my-api\n[\s\S]*?)```/.exec(page) ?? [];
  expect(readAdapter(text, 'my-api.yaml')).toMatchObject({ ok: true, adapter: { name: 'my-api' } });
});

test('says which file cannot be read, and how to mend it', () => {
  expect(readAdapterFile('/nowhere/my.yaml')).toEqual({
    ok: false,
    mistakes: ['/nowhere/my.yaml: there is no such file; give an adapter file (docs/own-api-iot.md)'],
  });
});

test('the schema for editors is the one that is shipped', () => {
  const file = new URL('../../../schemas/api-iot-adapter.schema.json', import.meta.url);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(adapterJsonSchema())));
});
