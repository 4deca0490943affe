import type { NatsAccess, NatsCredentials } from '../../shared/live/nats-connection.ts';
import type { GatewayConfig } from '../config.ts';

type AccessConfig = Pick<
  GatewayConfig,
  'natsUser' | 'natsPassword' | 'natsCredentials' | 'natsNkey' | 'natsCa' | 'natsCertificate' | 'natsKey'
>;

/** The access to a NATS of a run's own, which is in its URL: what stands in the environment belongs to another NATS. */
export const noNatsAccess: AccessConfig = {
  ...{ natsUser: null, natsPassword: null, natsCredentials: null, natsNkey: null },
  ...{ natsCa: null, natsCertificate: null, natsKey: null },
};

/** Returns how a process with this configuration is let in by the NATS of its URL. */
export function natsAccessOf(config: AccessConfig): NatsAccess {
  const { natsCa, natsCertificate, natsKey } = config;
  const credentials = credentialsOf(config);
  const certificates = {
    ...(natsCa === null ? {} : { caFile: natsCa }),
    ...(natsCertificate === null ? {} : { certFile: natsCertificate }),
    ...(natsKey === null ? {} : { keyFile: natsKey }),
  };
  return {
    ...(credentials === null ? {} : { credentials }),
    ...(Object.keys(certificates).length === 0 ? {} : { certificates }),
  };
}

function credentialsOf(config: AccessConfig): NatsCredentials | null {
  const { natsUser, natsPassword, natsCredentials, natsNkey } = config;
  if (natsUser !== null && natsPassword !== null) return { user: natsUser, password: natsPassword };
  if (natsCredentials !== null) return { credentialsFile: natsCredentials };
  return natsNkey === null ? null : { nkeyFile: natsNkey };
}
