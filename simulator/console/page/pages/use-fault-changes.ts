import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { attempt } from '../parts/shown.tsx';
import { type FaultRecordFields, type FaultView, recordOf } from './fault-record.ts';
import { paused } from './paused-faults.tsx';

export interface Undo {
  readonly text: string;
  readonly work: () => Promise<unknown>;
}

const add = (record: FaultRecordFields) =>
  call<FaultView>('/api/control/faults', { method: 'POST', body: record });
const remove = (id: string) => call(`/api/control/faults/${encodeURIComponent(id)}`, { method: 'DELETE' });

/** Adds every fault, or none of them. */
async function addAll(scenario: string, records: readonly FaultRecordFields[]): Promise<Undo> {
  const placed: string[] = [];
  const removeAll = () => Promise.all(placed.map(remove));
  try {
    for (const record of records) placed.push((await add(record)).id);
  } catch (error) {
    await removeAll();
    throw error;
  }
  return { text: `Added ${placed.length} faults of ${scenario}.`, work: removeAll };
}

/** Changes of faults. Each reports its failure, asks for the list again, and says how to undo it. */
export function useFaultChanges(reload: () => void) {
  const [failure, setFailure] = useState<string | null>(null);
  const [undo, setUndo] = useState<Undo | null>(null);

  async function change(work: () => Promise<Undo | null>): Promise<boolean> {
    const isDone = await attempt(async () => setUndo(await work()), setFailure);
    reload();
    return isDone;
  }
  return {
    failure,
    undo,
    undone: (last: Undo) => change(() => last.work().then(() => null)),
    /** In the place of `before`, which stays when the new one is refused. */
    place: (record: FaultRecordFields, before: FaultView | undefined) =>
      change(async () => {
        const placed = await add(record);
        if (before !== undefined) await remove(before.id);
        const work = async () => {
          await remove(placed.id);
          if (before !== undefined) await add(recordOf(before));
        };
        return { text: `${before === undefined ? 'Added' : 'Replaced'} ${placed.name}.`, work };
      }),
    addAll: (scenario: string, records: readonly FaultRecordFields[]) =>
      change(() => addAll(scenario, records)),
    remove: (fault: FaultView) =>
      change(async () => {
        await remove(fault.id);
        return { text: `Removed ${fault.name}.`, work: () => add(recordOf(fault)) };
      }),
    removeAll: (faults: readonly FaultView[]) =>
      change(async () => {
        await call('/api/control/faults', { method: 'DELETE' });
        const work = () => Promise.all(faults.map((fault) => add(recordOf(fault))));
        return { text: `Removed ${faults.length}.`, work };
      }),
    pause: (fault: FaultView) =>
      change(async () => {
        await remove(fault.id);
        paused.value = [...paused.value, recordOf(fault)];
        return null;
      }),
    resume: (record: FaultRecordFields) =>
      change(async () => {
        await add(record);
        paused.value = paused.value.filter((one) => one !== record);
        return null;
      }),
  };
}
