import type { ApiIotPorts } from '../../gateway/api-iot-service.ts';
import type { PlatformOverrides, PlatformPorts } from '../../gateway/platform-service.ts';

/** Changes what a process is given when it boots: planted bugs come in here, and nothing that ships knows of them. */
export interface DependencyOverrides extends PlatformOverrides {
  readonly platform?: (ports: PlatformPorts) => PlatformPorts;
  readonly apiIot?: (ports: ApiIotPorts) => ApiIotPorts;
}
