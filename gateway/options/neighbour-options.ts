import { standardPrefix } from '../../shared/protocol/nats-names.ts';
import {
  oneOf,
  optionalAddress,
  optionalText,
  optionalUrl,
  streamPrefix,
  text,
  wholeNumber,
} from '../option.ts';

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
  natsUrl: optionalAddress(
    {
      flag: 'nats-url',
      environment: 'NATS_URL',
      placeholder: 'url',
      help: 'URL of a NATS server with JetStream, or of the servers of a cluster, comma-separated; default: starts a nats-server',
    },
    { protocols: ['nats://', 'tls://'], hasCredentials: true, isList: true },
  ),
  natsPrefix: streamPrefix({
    flag: 'nats-prefix',
    environment: 'NATS_PREFIX',
    placeholder: 'name',
    help: 'prefix of the streams and subjects; each installation that shares a NATS needs one of its own',
    fallback: standardPrefix,
  }),
  natsReplicas: wholeNumber(
    {
      flag: 'nats-replicas',
      environment: 'NATS_REPLICAS',
      placeholder: 'count',
      help: 'replicas of each stream in a NATS cluster; 1 does not change an existing stream',
      fallback: 1,
    },
    1,
    5,
  ),
  natsMaxBytes: wholeNumber(
    {
      flag: 'nats-max-bytes',
      environment: 'NATS_MAX_BYTES',
      placeholder: 'bytes',
      help: 'size limit of each of the two streams, if the NATS account requires one; 0: no limit',
      fallback: 0,
    },
    0,
    2 ** 50,
  ),
  natsPlacementCluster: optionalText({
    flag: 'nats-placement-cluster',
    environment: 'NATS_PLACEMENT_CLUSTER',
    placeholder: 'name',
    help: 'NATS cluster that keeps the streams',
  }),
  natsPlacementTags: optionalText({
    flag: 'nats-placement-tags',
    environment: 'NATS_PLACEMENT_TAGS',
    placeholder: 'list',
    help: 'tags of the NATS servers that keep the streams, comma-separated',
  }),
  natsServer: text({
    flag: 'nats-server',
    environment: 'NATS_SERVER',
    placeholder: 'program',
    help: 'nats-server program that is started if no NATS URL is given: a name on the PATH, or a file',
    fallback: 'nats-server',
  }),
  install: oneOf(
    {
      flag: 'install',
      environment: 'FLEETWAKE_INSTALL',
      placeholder: 'yes|no',
      help: 'install nats-server with apt-get when it is missing',
      fallback: 'no',
    },
    ['yes', 'no'],
  ),
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
};
