import { type BrokerLog, readBrokerLog } from './broker-log.ts';
import { type CaseFile, caseFiles } from './case-file.ts';
import type { Evidence } from './evidence.ts';
import { type SeenNotice, seenNotices } from './seen-notice.ts';

/** The evidence of a run as the checks and the report want it: read once for all of them. */
export interface Reading {
  readonly log: BrokerLog;
  /** One file for every activation that was sold; what was switched off has none. */
  readonly sold: readonly CaseFile[];
  /** One for every activation free of charge: a technician's manual retry. */
  readonly free: readonly CaseFile[];
  readonly notices: readonly SeenNotice[];
}

export function readingOf(evidence: Evidence): Reading {
  const log = readBrokerLog(evidence.broker);
  const files = caseFiles(evidence, log);
  return {
    log,
    sold: files.filter(({ state }) => state.origin === undefined),
    free: files.filter(({ state }) => state.origin !== undefined),
    notices: seenNotices(evidence),
  };
}
