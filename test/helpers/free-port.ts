import { freePorts } from '../../simulator/live/free-port.ts';

const portsOfWorker = 1_000;
const workers = 20;
const worker = Number(process.env.VITEST_POOL_ID ?? 0) % workers;

/** Tests of two workers never ask for the same port; a new process begins elsewhere in its worker's range. */
export const freePort = freePorts({ first: 12_000 + worker * portsOfWorker, count: portsOfWorker });
