/** How often a process looks for what another one on its database has left behind: expiries and callbacks. */
export const rescanMs = 5_000;
