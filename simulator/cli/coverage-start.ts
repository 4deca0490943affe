import { startCoverage } from './coverage-recorder.ts';

// Loaded by `--import` before the program: what its modules call while they load is counted too.
startCoverage();
