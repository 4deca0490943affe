#!/usr/bin/env node
import { CommanderError } from 'commander';
import { gatewayFilesFault, openFilesMax } from '../../shared/live/open-files.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import { exitCodes, StoppedBySignal, UsageError } from './exit.ts';
import { checkNodeVersion } from './node-version.ts';
import { fleetwakeProgram } from './program.ts';
import { guardTerminal } from './terminal-guard.ts';

/** The reader may close the pipe, as `| head` does: the rest of the output is dropped, and the exit code stays correct. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}

/** Before the modules of the command are loaded, because that takes many files at once and fails with other words. */
function checkOpenFiles(command: string | undefined): void {
  if (!['gateway', 'up', 'fleet', 'run', 'stand-ins'].includes(command ?? '')) return;
  const fault = gatewayFilesFault(openFilesMax());
  if (fault !== null) throw new UsageError(fault);
}

async function main(): Promise<void> {
  checkNodeVersion(process.versions.node);
  outliveReaders();
  checkOpenFiles(process.argv[2]);
  guardTerminal(process.stdout);
  guardTerminal(process.stderr);
  // Stack traces name the sources, not the bundle. It holds for what is loaded from here on.
  process.setSourceMapsEnabled(true);
  const program = await fleetwakeProgram(process.argv[2]);
  await program.parseAsync();
}

/** What went wrong as a sentence; a stack trace only for what should never happen. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has said it already; help and version are no failure.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.unusable;
    return;
  }
  process.stderr.write(`fleetwake: ${sentenceOf(error)}\n`);
  if (process.env.FLEETWAKE_DEBUG && error instanceof Error)
    process.stderr.write(`${maskedText(String(error.stack))}\n`);
  // Resources that a failed start left open must not keep the process alive.
  process.exit(error instanceof StoppedBySignal ? error.exitCode : exitCodes.unusable);
}

function sentenceOf(error: unknown): string {
  if (error instanceof TransportError) {
    return `${maskedText(error.message)}: no response. Start it with "fleetwake up", or give another address with --platform-url and --api-iot-url`;
  }
  return maskedText(error instanceof Error ? error.message : String(error));
}

main().catch(fail);
