import { type Mistake, shorten } from '../../shared/files/mistake.ts';
import { pointerReader } from '../../shared/protocol/json-pointer.ts';
import type { AdapterFile, Capability, FeaturesFile } from './adapter-schema.ts';
import { namesIn, placeholders } from './template.ts';

/** Returns what the schema cannot know: pointers that find nothing, unknown names, capabilities that the rest of the file lacks. */
export function checkAdapter(file: AdapterFile): Mistake[] {
  return [...unknownNames(file), ...capabilityMistakes(file), ...pointerMistakes(file)];
}

function unknownNames(file: AdapterFile): Mistake[] {
  const templates: readonly (readonly [readonly PropertyKey[], unknown])[] = [
    [['headers'], file.headers],
    [['configure', 'path'], file.configure.path],
    [['configure', 'headers'], file.configure.headers],
    [['configure', 'body'], file.configure.body],
    ...(['item', 'history', 'status', 'health'] as const).map(
      (name) => [[name, 'path'], file[name]?.path ?? ''] as const,
    ),
  ];
  return templates.flatMap(([path, template]) => unknownNamesAt(template, path));
}

function unknownNamesAt(template: unknown, path: readonly PropertyKey[]): Mistake[] {
  if (typeof template === 'string') {
    return namesIn(template)
      .filter((name) => !placeholders.some((known) => known === name))
      .map((name) => ({
        path,
        text: `names {${name}}; write one of ${placeholders.map((known) => `{${known}}`).join(', ')}`,
      }));
  }
  if (typeof template !== 'object' || template === null) return [];
  const entries = Array.isArray(template) ? [...template.entries()] : Object.entries(template);
  return entries.flatMap(([key, value]) => unknownNamesAt(value, [...path, key]));
}

function capabilityMistakes(file: AdapterFile): Mistake[] {
  const { capabilities, command, configure } = file;
  const sent = new Set([
    ...namesIn(configure.headers),
    ...namesIn(configure.body),
    ...namesIn(configure.path),
  ]);
  const needs: readonly (readonly [Capability, boolean, string])[] = [
    ['idempotency_key', sent.has('key'), 'send {key} in configure.headers or configure.body'],
    ['version', command.features?.version !== undefined, 'add command.features.version'],
    ['callback', file.callback !== undefined, 'add callback, with the place of the command in it'],
    ['callback', sent.has('callbackUrl'), 'send {callbackUrl} in configure.body'],
    [
      'callback',
      command.key !== undefined && command.reference !== undefined && command.features !== undefined,
      'add command.key, command.reference and command.features, by which a callback is matched',
    ],
    ['history', file.history !== undefined, 'add history'],
    [
      'history',
      command.reference !== undefined || command.features !== undefined,
      'add command.reference or command.features, by which a command is found there',
    ],
    ['history_item', file.item !== undefined, 'add item'],
    ['history_item', command.id !== undefined, 'add command.id, by which a command is asked for'],
    [
      'display_text',
      sent.has('displayReceiving') || sent.has('displayApplied'),
      'send {displayReceiving} or {displayApplied} in configure.body',
    ],
    [
      'synchronous',
      command.state.values.applied !== undefined,
      'list the values of applied in command.state.values',
    ],
  ];
  const mistakes: Mistake[] = needs.flatMap(([capability, holds, fix]) => {
    const index = capabilities.indexOf(capability);
    if (index < 0 || holds) return [];
    return [
      { path: ['capabilities', index], text: `is ${capability}, and the file lacks what it needs; ${fix}` },
    ];
  });
  const ways = ['callback', 'history', 'history_item', 'synchronous'] as const;
  if (!ways.some((way) => capabilities.includes(way))) {
    const text = `has no way to learn how a command ends; add one of ${ways.join(', ')}`;
    mistakes.push({ path: ['capabilities'], text });
  }
  return mistakes;
}

/** An example in which a part of the file is looked up, and what stands there. */
interface Example {
  readonly name: string;
  readonly at: unknown;
}

function pointerMistakes(file: AdapterFile): Mistake[] {
  const { configure, item, history, status, health, callback, errors } = file;
  const mistakes: Mistake[] = [];
  const place = (path: readonly PropertyKey[], pointer: string, example: Example): unknown => {
    const found = pointerReader(pointer)(example.at);
    if (found === undefined) mistakes.push(nowhere(path, pointer, [example]));
    return found;
  };
  const commands: Example[] = [
    {
      name: 'configure.example',
      at: place(['configure', 'command'], configure.command, exampleOf('configure', configure.example)),
    },
    ...(item
      ? [
          {
            name: 'item.example',
            at: place(['item', 'command'], item.command, exampleOf('item', item.example)),
          },
        ]
      : []),
    ...(callback
      ? [
          {
            name: 'callback.example',
            at: place(['callback', 'command'], callback.command, exampleOf('callback', callback.example)),
          },
        ]
      : []),
  ];
  if (history) {
    const items = place(['history', 'commands'], history.commands, exampleOf('history', history.example));
    const list = Array.isArray(items) ? items : [items];
    if (list.length === 0) mistakes.push({ path: ['history', 'example'], text: 'has no command; write one' });
    for (const one of list) commands.push({ name: 'history.example', at: one });
  }
  // Where a command itself was not found, its fields cannot be.
  if (mistakes.length === 0) mistakes.push(...commandMistakes(file, commands));
  for (const [name, part] of [
    ['status', status],
    ['health', health],
  ] as const) {
    if (part) mistakes.push(...partMistakes([name], part, [exampleOf(name, part.example)]));
  }
  if (errors.example !== undefined) {
    const { rateLimit: _, retryable: __, terminal: ___, ...pointers } = errors;
    mistakes.push(...partMistakes(['errors'], pointers, [exampleOf('errors', errors.example)]));
  } else if (errors.code !== undefined) {
    mistakes.push({ path: ['errors'], text: 'has a pointer and no example; add an error answer as example' });
  }
  return mistakes;
}

const exampleOf = (name: string, at: unknown): Example => ({ name: `${name}.example`, at });

/** The state must be listed in each example; other fields must be found in one of them. */
function commandMistakes({ command }: AdapterFile, examples: readonly Example[]): Mistake[] {
  const { state, ...others } = command;
  const listed = new Set<unknown>(Object.values(state.values).flat());
  const mistakes = examples.flatMap((example): Mistake[] => {
    const said = pointerReader(state.at)(example.at);
    if (said === undefined) return [nowhere(['command', 'state', 'at'], state.at, [example])];
    if (listed.has(said)) return [];
    const text = `do not list ${shorten(JSON.stringify(said))}, the state in ${example.name}; add it to a state`;
    return [{ path: ['command', 'state', 'values'], text }];
  });
  return [...mistakes, ...partMistakes(['command'], others, examples)];
}

const notPointers: ReadonlySet<string> = new Set(['path', 'example', 'order']);

/** Each pointer of a part must find something in one of the examples at least. */
function partMistakes(
  path: readonly PropertyKey[],
  part: Readonly<Record<string, unknown>>,
  examples: readonly Example[],
): Mistake[] {
  return Object.entries(part).flatMap(([name, value]): Mistake[] => {
    if (notPointers.has(name) || value === undefined) return [];
    const where = [...path, name];
    if (typeof value === 'string') return pointerMistake(where, value, examples);
    if (isFeatures(value)) return featuresMistakes(where, value, examples);
    const { at } = value as { readonly at: string };
    return pointerMistake([...where, 'at'], at, examples);
  });
}

function featuresMistakes(
  path: readonly PropertyKey[],
  { items, target, ...fields }: FeaturesFile,
  examples: readonly Example[],
): Mistake[] {
  const lists = examples.flatMap(({ name, at }) => {
    const value = pointerReader(items)(at);
    const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
    return list.map((one): Example => ({ name, at: one }));
  });
  if (lists.length === 0) return [nowhere([...path, 'items'], items, examples)];
  return [
    ...partMistakes(path, fields, lists),
    ...pointerMistake([...path, 'target', 'at'], target.at, lists),
  ];
}

function pointerMistake(
  path: readonly PropertyKey[],
  pointer: string,
  examples: readonly Example[],
): Mistake[] {
  const read = pointerReader(pointer);
  return examples.some(({ at }) => read(at) !== undefined) ? [] : [nowhere(path, pointer, examples)];
}

function nowhere(path: readonly PropertyKey[], pointer: string, examples: readonly Example[]): Mistake {
  const names = [...new Set(examples.map(({ name }) => name))].join(', ');
  return {
    path,
    text: `is "${pointer}", which finds nothing in ${names}; write the pointer to it, or correct the example`,
  };
}

function isFeatures(value: unknown): value is FeaturesFile {
  return typeof value === 'object' && value !== null && 'items' in value;
}
