import { givenText } from '../../shared/protocol/address.ts';
import { shardOfText, textOfShard } from '../api-iot/shard.ts';
import { type Option, optionalAddress, optionalText, optionalUrl, text } from '../option.ts';
import { natsOptions } from './nats-options.ts';

/** The API IoT, NATS, the broker and the database that a process connects to. */
export const neighbourOptions = {
  apiIotUrl: optionalUrl(
    {
      flag: 'api-iot-url',
      environment: 'API_IOT_URL',
      placeholder: 'url',
      help: 'URL of an external API IoT; default: a stand-in runs in this process',
    },
    ['http://', 'https://'],
  ),
  apiIotAdapter: optionalText({
    flag: 'adapter',
    environment: 'API_IOT_ADAPTER',
    placeholder: 'file',
    help: 'adapter file that describes the API IoT to the engine; default: the one of the stand-in',
  }),
  apiIotClientId: text({
    flag: 'api-iot-client-id',
    environment: 'API_IOT_CLIENT_ID',
    placeholder: 'id',
    help: 'OAuth client id of the engine at the API IoT',
    fallback: 'engine',
  }),
  apiIotClientSecret: optionalText({
    flag: 'api-iot-client-secret',
    environment: 'API_IOT_CLIENT_SECRET',
    placeholder: 'secret',
    help: 'OAuth client secret of the engine at the API IoT; default: generated at the first start',
  }),
  apiIotCallbackSecret: optionalText({
    flag: 'api-iot-callback-secret',
    environment: 'API_IOT_CALLBACK_SECRET',
    placeholder: 'secret',
    help: "secret that signs the API IoT's callbacks (Standard Webhooks, whsec_…); default: generated at the first start",
  }),
  ...natsOptions,
  mqttUrl: optionalAddress(
    {
      flag: 'mqtt-url',
      environment: 'MQTT_URL',
      placeholder: 'url',
      help: 'URL of an external MQTT broker (Mosquitto, EMQX); default: an embedded broker',
    },
    { protocols: ['mqtt://', 'mqtts://'], hasCredentials: true },
  ),
  mqttUsername: text({
    flag: 'mqtt-username',
    environment: 'MQTT_USERNAME',
    placeholder: 'name',
    help: 'user name of the API IoT at the broker',
    fallback: 'api-iot',
  }),
  mqttPassword: optionalText({
    flag: 'mqtt-password',
    environment: 'MQTT_PASSWORD',
    placeholder: 'password',
    help: 'password of the API IoT at the broker; default: generated at the first start',
  }),
  databaseUrl: optionalAddress(
    {
      flag: 'database-url',
      environment: 'DATABASE_URL',
      placeholder: 'url',
      help: 'PostgreSQL database of the platform; default: SQLite in the data folder',
    },
    { protocols: ['postgres://', 'postgresql://'], hasCredentials: true },
  ),
  apiIotDatabaseUrl: optionalAddress(
    {
      flag: 'api-iot-database-url',
      environment: 'API_IOT_DATABASE_URL',
      placeholder: 'url',
      help: 'PostgreSQL database of the API IoT, another one than that of the platform; default: SQLite in the data folder',
    },
    { protocols: ['postgres://', 'postgresql://'], hasCredentials: true },
  ),
  apiIotShard: shard({
    flag: 'api-iot-shard',
    environment: 'API_IOT_SHARD',
    placeholder: 'i/n',
    help: 'which of n API IoT processes on one database this is; each handles the messages of its own vehicles',
    fallback: '1/1',
  }),
};

function shard(words: Omit<Option<string>, 'read'>): Option<string> {
  return {
    ...words,
    read(value) {
      const given = shardOfText(value);
      return given === null
        ? { fault: `must be a process and their number, such as 1/2, up to 64/64, not ${givenText(value)}` }
        : { value: textOfShard(given) };
    },
  };
}
