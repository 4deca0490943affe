import { virtualStorage } from '../../shared/virtual/database.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { type ContractSchema, describeDatabase } from './database.ts';

describeDatabase('SQLite in memory, shared by processes that die', async () => {
  const loop = virtualLoop({ startAt: 0 });
  const storage = virtualStorage<ContractSchema>();
  let processes = 0;
  return {
    open() {
      processes += 1;
      return storage.connect(loop.process(`process ${processes}`));
    },
    isDurable: true,
    remove: async () => storage.close(),
  };
});
