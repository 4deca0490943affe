import {
  choices,
  list,
  listenHost,
  type Option,
  oneOf,
  optionalUrl,
  readHostName,
  readOrigin,
  text,
  wholeNumber,
} from '../option.ts';
import type { LinkSecrets } from '../purchase-page/purchase-link.ts';

export const roles = ['platform', 'engine', 'api-iot', 'broker'] as const;
export type Role = (typeof roles)[number];

/** Where a process keeps its data, which roles it runs, and the addresses that it listens on and is reached by. */
export const processOptions = {
  data: text({
    flag: 'data',
    environment: 'FLEETWAKE_DATA',
    placeholder: 'folder',
    help: 'folder for databases, secrets and the data of nats-server',
    fallback: '.fleetwake',
  }),
  roles: choices<Role>(
    {
      flag: 'roles',
      environment: 'FLEETWAKE_ROLES',
      placeholder: 'list',
      help: `roles that run in this process, comma-separated: ${roles.join(', ')}`,
      fallback: roles,
    },
    roles,
  ),
  host: listenHost({
    flag: 'host',
    environment: 'FLEETWAKE_HOST',
    placeholder: 'address',
    help: 'address to listen on; the default accepts local connections only',
    fallback: '127.0.0.1',
  }),
  port: wholeNumber(
    {
      flag: 'port',
      environment: 'FLEETWAKE_PORT',
      placeholder: 'port',
      help: 'platform API port; 0 picks a free port',
      fallback: 8080,
    },
    0,
    65_535,
  ),
  apiIotPort: wholeNumber(
    {
      flag: 'api-iot-port',
      environment: 'API_IOT_PORT',
      placeholder: 'port',
      help: 'API IoT port; 0 picks a free port',
      fallback: 8081,
    },
    0,
    65_535,
  ),
  mqttPort: wholeNumber(
    {
      flag: 'mqtt-port',
      environment: 'MQTT_PORT',
      placeholder: 'port',
      help: 'embedded broker port; 0 picks a free port',
      fallback: 1883,
    },
    0,
    65_535,
  ),
  apiIotThread: oneOf(
    {
      flag: 'api-iot-thread',
      environment: 'API_IOT_THREAD',
      placeholder: 'auto|yes|no',
      help: 'API IoT and broker run in a thread of their own beside the platform; auto: on two processors and more, where the API IoT can have no faults',
      fallback: 'auto',
    },
    ['auto', 'yes', 'no'],
  ),
  healthPort: wholeNumber(
    {
      flag: 'health-port',
      environment: 'FLEETWAKE_HEALTH_PORT',
      placeholder: 'port',
      help: 'port that answers /livez from a thread of its own, under any load; 0: none',
      fallback: 0,
    },
    0,
    65_535,
  ),
  metricsPort: wholeNumber(
    {
      flag: 'metrics-port',
      environment: 'FLEETWAKE_METRICS_PORT',
      placeholder: 'port',
      help: 'port on 127.0.0.1 that answers GET /metrics of all services of this process without a token; 0: none',
      fallback: 0,
    },
    0,
    65_535,
  ),
  publicUrl: optionalUrl(
    {
      flag: 'public-url',
      environment: 'FLEETWAKE_PUBLIC_URL',
      placeholder: 'url',
      help: 'public base URL of the platform: issuer of its tokens, base of callback URLs and links',
    },
    ['http://', 'https://'],
  ),
  apiIotPublicUrl: optionalUrl(
    {
      flag: 'api-iot-public-url',
      environment: 'API_IOT_PUBLIC_URL',
      placeholder: 'url',
      help: 'public base URL of the API IoT in this process: issuer and audience of its tokens',
    },
    ['http://', 'https://'],
  ),
  allowedHosts: list(
    {
      flag: 'allowed-hosts',
      environment: 'FLEETWAKE_ALLOWED_HOSTS',
      placeholder: 'list',
      help: 'additional host names accepted by the HTTP servers, comma-separated; IP addresses, localhost, names without a dot and hosts of the public URLs are always accepted',
      fallback: [],
      example: 'api.example,iot.example',
    },
    readHostName,
  ),
  allowedOrigins: list(
    {
      flag: 'allowed-origins',
      environment: 'FLEETWAKE_ALLOWED_ORIGINS',
      placeholder: 'list',
      help: 'origins whose pages may call the platform API from a browser (CORS), comma-separated, such as https://shop.example',
      fallback: [],
      example: 'https://shop.example,https://app.example',
    },
    readOrigin,
  ),
  webUrl: optionalUrl(
    {
      flag: 'web-url',
      environment: 'FLEETWAKE_WEB_URL',
      placeholder: 'url',
      help: "URL of the customers' web platform for links in notifications; default: the platform's own page of a purchase",
    },
    ['http://', 'https://'],
    'link',
  ),
  linkSecret: {
    flag: 'link-secret',
    environment: 'FLEETWAKE_LINK_SECRET',
    placeholder: 'secret',
    help: 'secret that signs the links of notifications; several, comma-separated: the first signs, all are accepted; default: generated at the first start',
    fallback: null,
    read: (value) =>
      value === '' || linkSecretsOf(value) !== null
        ? { value: value === '' ? null : value }
        : {
            fault: `must be a text of at least ${linkSecretMin} characters, or up to ${linkSecretsMax} of them, comma-separated`,
          },
  } satisfies Option<string | null>,
  pushPrivate: oneOf(
    {
      flag: 'push-private',
      environment: 'FLEETWAKE_PUSH_PRIVATE',
      placeholder: 'yes|no',
      help: "allow push services on private and local addresses; customers' subscriptions choose the address",
      fallback: 'no',
    },
    ['yes', 'no'],
  ),
};

const linkSecretMin = 32;
const linkSecretsMax = 4;

/** Returns the secrets of `linkSecret`, in their order; null for none, and where one is too short or there are too many. */
export function linkSecretsOf(text: string | null): LinkSecrets | null {
  const [first, ...others] = text === null ? [] : text.split(',').map((part) => part.trim());
  if (first === undefined || others.length >= linkSecretsMax) return null;
  return [first, ...others].every((secret) => secret.length >= linkSecretMin) ? [first, ...others] : null;
}
