/** What may be worked on now. */
export interface WorkGate {
  /** False: the database is known to be an older one, and nothing may be done by it. */
  mayWork(): boolean;
  /** False after a restore while a feature without an owner in the database may still belong to a customer. */
  maySwitchOff(): boolean;
}

export const openGate: WorkGate = { mayWork: () => true, maySwitchOff: () => true };
