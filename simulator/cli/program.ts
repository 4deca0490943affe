import { Command } from 'commander';
import { addActivationShow } from './activation-show.ts';
import { addCancel } from './cancel.ts';
import { addCheck } from './check.ts';
import { addCustomer } from './customer.ts';
import { addDay } from './day.ts';
import { addFault } from './fault.ts';
import { addFleet } from './fleet.ts';
import { addGateway } from './gateway.ts';
import { addLookUps } from './look-up.ts';
import { addParkedWork } from './parked-work.ts';
import { addPurchaseRecord } from './purchase-record.ts';
import { addRegister } from './register.ts';
import { addReplay } from './replay.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addScenarios } from './scenarios.ts';
import { addSettlement } from './settlement.ts';
import { addStandIns } from './stand-ins.ts';
import { addTicket } from './ticket.ts';
import { addUp } from './up.ts';
import { addVerify } from './verify.ts';

/** The command `fleetwake` with everything that it can do. */
export function fleetwakeProgram(): Command {
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
  return program;
}
