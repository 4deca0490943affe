/** What may be worked on now. */
export interface WorkGate {
  /** False: the database is known to be an older one, and nothing may be done by it. */
  mayWork(): boolean;
  /** False: it is not known yet whether a customer owns what the database says nobody owns. */
  maySwitchOff(): boolean;
}

export const openGate: WorkGate = { mayWork: () => true, maySwitchOff: () => true };
