import type { EngineDeps } from '../../gateway/engine/engine.ts';
import type { ApiIotPorts, PlatformPorts } from './process-ports.ts';

/** Changes what a process is given when it boots: planted bugs come in here, and nothing that ships knows of them. */
export interface Tampers {
  readonly platform?: (ports: PlatformPorts) => PlatformPorts;
  readonly engine?: (deps: EngineDeps) => EngineDeps;
  readonly apiIot?: (ports: ApiIotPorts) => ApiIotPorts;
}
