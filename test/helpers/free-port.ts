import { freePorts } from '../../simulator/live/free-port.ts';

const portsOfWorker = 200;
const workers = 10;
const worker = Number(process.env.VITEST_POOL_ID ?? 0) % workers;

/**
 * Tests of two workers never ask for the same port; a new process begins elsewhere in its worker's range. All lie below the ports that
 * a run of the product takes for itself: a port that it has found free stays free until its server listens.
 */
export const freePort = freePorts({ first: 10_000 + worker * portsOfWorker, count: portsOfWorker });
