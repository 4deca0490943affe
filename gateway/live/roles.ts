import { shardOfText, wholeFleet } from '../api-iot/shard.ts';
import type { GatewayConfig } from '../config.ts';

/**
 * Returns why these roles cannot run, or null. The embedded broker runs in the API IoT's process, because it reads the
 * vehicles' credentials there.
 */
export function roleFault(config: GatewayConfig): string | null {
  const { roles, mqttUrl, apiIotUrl } = config;
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
  return apiIot ? shardFault(config) : null;
}

/** Processes that share the vehicles need what they share: a database, a broker, and an address under which their tokens are issued. */
function shardFault(config: GatewayConfig): string | null {
  if ((shardOfText(config.apiIotShard) ?? wholeFleet).of === 1) return null;
  const missing = [
    config.apiIotDatabaseUrl === null ? 'API_IOT_DATABASE_URL' : null,
    config.mqttUrl === null ? 'MQTT_URL' : null,
    config.apiIotPublicUrl === null ? 'API_IOT_PUBLIC_URL' : null,
  ].filter((name) => name !== null);
  if (missing.length === 0) return null;
  return `--api-iot-shard ${config.apiIotShard}: several API IoT processes need one database, one broker and one public address: set ${missing.join(' and ')}`;
}
