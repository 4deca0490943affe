/** What a commit may have left for other parts to take up. */
export interface CommittedWork {
  /** Notifications may wait to be sent. */
  readonly notifications: boolean;
  /** A ticket may have been opened or changed: its clocks and the webhook have to see it. */
  readonly tickets: boolean;
}

export const noCommittedWork: CommittedWork = { notifications: false, tickets: false };
/** Where it is not known what was written. */
export const anyCommittedWork: CommittedWork = { notifications: true, tickets: true };
