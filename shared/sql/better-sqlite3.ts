import { createRequire } from 'node:module';
import type Library from 'better-sqlite3';

/**
 * better-sqlite3, in the version that this Node can run. 12 ends the process on Node from 24.19 on, when a statement or a
 * database is collected (WiseLibs/better-sqlite3#1515); 13 is built on Node-API, which ends that, and does not run on Node 20: it is
 * an optional dependency, which npm leaves out there without a warning.
 */
export const BetterSqlite3: typeof Library = load(Number.parseInt(process.versions.node, 10));

function load(nodeMajor: number): typeof Library {
  const name = nodeMajor < 22 ? 'better-sqlite3' : 'better-sqlite3-13';
  try {
    return createRequire(import.meta.url)(name);
  } catch (cause) {
    throw new Error(
      `${name} cannot be loaded on Node ${process.versions.node}: install again with "npm ci"; it compiles where its binary cannot be fetched, for which make, g++ and python3 must be there`,
      { cause },
    );
  }
}
