import type { AdapterFile, Capability } from './adapter-schema.ts';
import type { VehicleCommand } from './answers.ts';
import { type CodeTable, codeTable } from './codes.ts';
import { type CommandContext, commandReader, type ReadCommand } from './command-reader.ts';
import { optional, required } from './pick.ts';
import { filler, headersFiller, pathFiller } from './template.ts';
import { connectionReader, statusReader } from './vehicle-readers.ts';

/** An API IoT as its adapter file describes it, compiled: nothing is parsed while the engine works. */
export type Adapter = ReturnType<typeof compileAdapter>;

/** Compiles the file of an adapter that was checked. */
export function compileAdapter(file: AdapterFile) {
  const { configure, item, history, status, health, callback, errors } = file;
  const readCommand = commandReader(file);
  return {
    file,
    name: file.name,
    has: (capability: Capability) => file.capabilities.includes(capability),
    token: file.token === 'none' ? null : file.token,
    headers: headersFiller(file.headers),
    configure: {
      method: configure.method,
      path: pathFiller(configure.path),
      headers: headersFiller(configure.headers),
      body: filler(configure.body),
      command: at(configure.command, readCommand),
    },
    item: item === undefined ? null : { path: pathFiller(item.path), command: at(item.command, readCommand) },
    history:
      history === undefined
        ? null
        : {
            path: pathFiller(history.path),
            commands: listOf(required(history.commands), readCommand, history.order),
          },
    status: status === undefined ? null : { path: pathFiller(status.path), read: statusReader(file) },
    health: health === undefined ? null : { path: pathFiller(health.path), read: connectionReader(file) },
    callback: callback === undefined ? null : { command: at(callback.command, readCommand) },
    errors: {
      code: optional(errors.code),
      message: optional(errors.message),
      retryAfterSeconds: optional(errors.retryAfterSeconds),
      codes: codeTable(errors) satisfies CodeTable,
    },
  };
}

function at(pointer: string, read: ReadCommand): ReadCommand {
  const place = required(pointer);
  return (document, context) => read(place(document), context);
}

function listOf(place: (document: unknown) => unknown, read: ReadCommand, order: string) {
  return (document: unknown, context: CommandContext): VehicleCommand[] => {
    const items = place(document);
    const commands = (Array.isArray(items) ? items : [items]).map((item) => read(item, context));
    return order === 'newest_first' ? commands : commands.reverse();
  };
}
