import type { GatewayConfig } from '../config.ts';

/**
 * Returns why these roles cannot run, or null. The embedded broker runs in the API IoT's process, because it reads the
 * vehicles' credentials there.
 */
export function roleFault({ roles, mqttUrl, apiIotUrl }: GatewayConfig): string | null {
  const [apiIot, broker] = [roles.includes('api-iot') && apiIotUrl === null, roles.includes('broker')];
  if (apiIotUrl !== null && !roles.includes('platform') && !roles.includes('engine')) {
    return `--roles ${roles.join(',')}: nothing would run here, because API_IOT_URL names an API IoT elsewhere: leave it out, or name platform or engine`;
  }
  if (broker && !apiIot && apiIotUrl === null) {
    return '--roles: the broker runs in the process of the API IoT: name api-iot as well';
  }
  if (apiIot && !broker && mqttUrl === null) {
    return '--roles: api-iot needs a broker: name broker as well, or set MQTT_URL';
  }
  return null;
}
