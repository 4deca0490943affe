#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { TransportError } from '../../shared/ports/http.ts';
import { addActivationShow } from './activation-show.ts';
import { addCancel } from './cancel.ts';
import { addCheck } from './check.ts';
import { addCustomer } from './customer.ts';
import { addDay } from './day.ts';
import { exitCodes, StoppedBySignal } from './exit.ts';
import { addFault } from './fault.ts';
import { addFleet } from './fleet.ts';
import { addGateway } from './gateway.ts';
import { addLookUps } from './look-up.ts';
import { checkNodeVersion } from './node-version.ts';
import { addParkedWork } from './parked-work.ts';
import { addPurchaseRecord } from './purchase-record.ts';
import { addRegister } from './register.ts';
import { addReplay } from './replay.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addScenarios } from './scenarios.ts';
import { addSettlement } from './settlement.ts';
import { addStandIns } from './stand-ins.ts';
import { guardTerminal } from './terminal-guard.ts';
import { addTicket } from './ticket.ts';
import { addUp } from './up.ts';
import { addVerify } from './verify.ts';

/** Whoever reads may stop reading, as `| head` does: what is left to say is said to nobody, and the exit code stays true. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}

async function main(): Promise<void> {
  checkNodeVersion(process.versions.node);
  outliveReaders();
  guardTerminal(process.stdout);
  guardTerminal(process.stderr);
  const program = new Command('fleetwake')
    .description(
      'prove that every paid feature becomes active in the vehicle, and that no customer pays for one that does not',
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  addRun(program);
  addScenarios(program);
  addReport(program);
  addUp(program);
  addGateway(program);
  addStandIns(program);
  addFleet(program);
  addFault(program);
  addLookUps(program);
  addActivationShow(program);
  addPurchaseRecord(program);
  addTicket(program);
  addSettlement(program);
  addParkedWork(program);
  addCancel(program);
  addCustomer(program);
  addRegister(program);
  addCheck(program);
  addReplay(program);
  addDay(program);
  addVerify(program);
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
  if (process.env.FLEETWAKE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  // Whatever a failed start has left open must not keep the process.
  process.exit(error instanceof StoppedBySignal ? error.exitCode : exitCodes.unusable);
}

function sentenceOf(error: unknown): string {
  if (error instanceof TransportError) {
    return `${error.message}: no response. Start it with "fleetwake up", or give another address with --platform-url and --api-iot-url`;
  }
  return error instanceof Error ? error.message : String(error);
}

main().catch(fail);
