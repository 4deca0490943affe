import { standardPrefix } from '../../shared/protocol/nats-names.ts';
import { oneOf, optionalAddress, optionalText, streamPrefix, text, wholeNumber } from '../option.ts';

/** The NATS that a process connects to, how it is let in there, and where its streams are kept. */
export const natsOptions = {
  natsUrl: optionalAddress(
    {
      flag: 'nats-url',
      environment: 'NATS_URL',
      placeholder: 'url',
      help: 'URL of a NATS server with JetStream, or of the servers of a cluster, comma-separated; default: starts a nats-server',
    },
    { protocols: ['nats://', 'tls://'], hasCredentials: true, isList: true },
  ),
  natsUser: optionalText({
    flag: 'nats-user',
    environment: 'NATS_USER',
    placeholder: 'name',
    help: 'user name at NATS, with --nats-password; default: that of the URL',
  }),
  natsPassword: optionalText({
    flag: 'nats-password',
    environment: 'NATS_PASSWORD',
    placeholder: 'password',
    help: 'password at NATS, with --nats-user',
  }),
  natsCredentials: optionalText({
    flag: 'nats-creds',
    environment: 'NATS_CREDS',
    placeholder: 'file',
    help: 'credentials file of a NATS user (JWT and seed, made by nsc)',
  }),
  natsNkey: optionalText({
    flag: 'nats-nkey',
    environment: 'NATS_NKEY',
    placeholder: 'file',
    help: 'file with the seed of an NKEY that NATS knows',
  }),
  natsCa: optionalText({
    flag: 'nats-ca',
    environment: 'NATS_CA',
    placeholder: 'file',
    help: 'PEM file of the authority that signed the certificate of NATS; the connection is then encrypted',
  }),
  natsCertificate: optionalText({
    flag: 'nats-cert',
    environment: 'NATS_CERT',
    placeholder: 'file',
    help: 'PEM file of the client certificate at NATS, with --nats-key',
  }),
  natsKey: optionalText({
    flag: 'nats-key',
    environment: 'NATS_KEY',
    placeholder: 'file',
    help: 'PEM file of the key of --nats-cert',
  }),
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
};
