import type { Command } from 'commander';
import type { ApiAnswer, ApiClient } from '../run/api-client.ts';
import { lookUpFlags } from './flag-names.ts';
import { type AnswerFlags, printAnswer } from './look-up.ts';
import { withPlatformOptions } from './platform.ts';

/** Ends the pause that is open. */
async function endPause(platform: ApiClient): Promise<ApiAnswer> {
  const open = await platform.get('/incidents?status=open');
  if (open.status !== 200) return open;
  const { incidents = [] } = open.body as { incidents?: { id: string; cause: string }[] };
  const pause = incidents.find(({ cause }) => cause === 'paused');
  if (pause === undefined)
    return {
      ...open,
      status: 409,
      body: { detail: 'the engine is not paused: "fleetwake incident" lists what else holds it back' },
    };
  return platform.send('POST', `/incidents/${encodeURIComponent(pause.id)}/end`);
}

/** `fleetwake pause`, `resume` and `requeue`: an operator holds back the engine, or looks after one activation. */
export function addEngineWork(program: Command): void {
  const json = ['--json', 'print the response as JSON'] as const;
  const pause = program
    .command('pause')
    .description('hold back every activation: no command goes to a vehicle until resume')
    .requiredOption('--reason <text>', 'why, for operators and the history')
    .option(...json);
  withPlatformOptions(pause).action(async (flags: AnswerFlags & { readonly reason: string }) => {
    process.exitCode = await printAnswer(
      flags,
      (platform) => platform.send('POST', '/incidents', { reason: flags.reason }),
      undefined,
      { 'body/reason': '--reason' },
    );
  });
  const resume = program
    .command('resume')
    .description('let activations continue after a pause, one after the other')
    .option(...json);
  withPlatformOptions(resume).action(async (flags: AnswerFlags) => {
    process.exitCode = await printAnswer(flags, endPause);
  });
  const requeue = program
    .command('requeue')
    .argument('<activation>')
    .description('let the engine look at an open activation at once; a back-off keeps its moment')
    .option(...json);
  withPlatformOptions(requeue).action(async (id: string, flags: AnswerFlags) => {
    process.exitCode = await printAnswer(
      flags,
      (platform) => platform.send('POST', `/activations/${encodeURIComponent(id)}/requeue`),
      undefined,
      lookUpFlags('activation'),
    );
  });
}
