import { Command } from 'commander';
import { vi } from 'vitest';
import type { ApiIotPorts, ApiIotSettings } from '../../../gateway/api-iot-service.ts';
import type { EmbeddedBrokerOptions } from '../../../gateway/broker/embedded-broker.ts';
import type { PlatformPorts, PlatformSettings } from '../../../gateway/platform-service.ts';
import type { SmtpMailerOptions } from '../../../shared/live/mailer.ts';
import type { NatsBusOptions } from '../../../shared/live/nats-bus.ts';
import type { WebPusherOptions } from '../../../shared/live/pusher.ts';

/** What the parts of a running gateway were given. `watched` fills it. */
export interface Given {
  platform: { readonly ports: PlatformPorts; readonly settings: PlatformSettings } | null;
  apiIot: { readonly ports: ApiIotPorts; readonly settings: ApiIotSettings } | null;
  broker: EmbeddedBrokerOptions | null;
  mailer: SmtpMailerOptions | null;
  pusher: WebPusherOptions | null;
  natsBus: NatsBusOptions | null;
  natsProgram: string | null;
  isInstalled: boolean;
  apiIotThread: string | null;
  mqttUrl: string | null;
  databaseUrl: string | null;
  apiIotDatabaseUrl: string | null;
  trusted: readonly { readonly issuer: string; readonly jwksUrl: string; readonly leewaySeconds?: number }[];
  logLevel: string | null;
}

export interface RunningGateway extends Given {
  /** The line that the command prints. */
  readonly line: { readonly platform: string | null; readonly apiIot: string; readonly mqtt: string | null };
}

const nothing: Given = {
  platform: null,
  apiIot: null,
  broker: null,
  mailer: null,
  pusher: null,
  natsBus: null,
  natsProgram: null,
  isInstalled: false,
  apiIotThread: null,
  mqttUrl: null,
  databaseUrl: null,
  apiIotDatabaseUrl: null,
  trusted: [],
  logLevel: null,
};

/** The file that mocks the live parts writes what they are given here. */
export const given: Given = { ...nothing };

let end: () => void = () => {};

/** Stands for the first signal: the command ends when the observation is over. */
export function endSignal() {
  return {
    promise: new Promise<'SIGTERM'>((resolve) => {
      end = () => resolve('SIGTERM');
    }),
    dispose() {},
  };
}

/** Runs `fleetwake gateway` in this process, and resolves with what `see` finds in it while it runs. */
export async function seenIn<Seen>(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  see: (gateway: RunningGateway) => Seen | Promise<Seen>,
): Promise<Seen> {
  Object.assign(given, nothing);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  // Only now: what it imports is replaced by the file that calls.
  const { addGateway } = await import('../../../simulator/cli/gateway.ts');
  const program = new Command('fleetwake').exitOverride().configureOutput({ writeErr: () => {} });
  addGateway(program);
  try {
    return await new Promise<Seen>((resolve, reject) => {
      let seen: Promise<Seen> | null = null;
      const output = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
        const line = JSON.parse(String(text));
        seen = Promise.resolve()
          .then(() => see({ ...given, line }))
          .finally(() => end());
        seen.catch(() => {});
        return true;
      });
      program
        .parseAsync(['gateway', ...parameters], { from: 'user' })
        .then(() => seen ?? Promise.reject(new Error('it did not start')))
        .finally(() => output.mockRestore())
        .then(resolve, reject);
    });
  } finally {
    vi.unstubAllEnvs();
  }
}
