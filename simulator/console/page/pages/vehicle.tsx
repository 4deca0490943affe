import { useEffect, useState } from 'preact/hooks';
import { Foreign, Id, Problem, Table, Tag } from '../parts/shown.tsx';
import { instantText, spanText, words } from '../parts/text.ts';
import { useAnswer } from '../parts/use-answer.ts';
import { can, session } from '../session-state.ts';
import type { ConnectionChange } from './connection-spans.ts';
import type { FaultRecordFields } from './fault-record.ts';
import { seriesOf, type TelemetrySample, withSeen } from './telemetry-series.ts';
import { TelemetryCharts } from './vehicle-charts.tsx';
import { Connections } from './vehicle-connections.tsx';

interface Feature {
  readonly feature: string;
  readonly state: string;
  readonly version: number;
}

interface Status {
  readonly online: boolean;
  readonly lastSeenAt: number | null;
  readonly firmware: string | null;
  readonly clockSkewMs: number | null;
  readonly desired: readonly Feature[];
  readonly reported: readonly Feature[] | null;
  readonly telemetry: Readonly<Record<string, unknown>>;
  readonly telemetryAt: number | null;
}

interface Command {
  readonly id: string;
  readonly state: string;
  readonly acceptedAt: number;
  readonly endedAt: number | null;
  readonly features: readonly { readonly feature: string; readonly target: string }[];
  readonly results: readonly { readonly feature: string; readonly outcome: string }[] | null;
  readonly late: boolean;
}

interface Registered {
  readonly model: string;
  readonly modelName: string;
  readonly customerId: string | null;
  readonly services: readonly {
    readonly serviceId: string;
    readonly status: string;
    readonly purchaseId: string | null;
  }[];
}

interface Simulated {
  readonly connected: boolean;
  readonly displayed: readonly string[];
  readonly faults: readonly (FaultRecordFields & { readonly id: string })[];
}

/** One vehicle: what it should have and has, its commands, its telemetry, its faults and the services of its owner. */
export function Vehicle({ vin }: { readonly vin: string }) {
  const id = encodeURIComponent(vin);
  const hasControl =
    session.value.state === 'open' && session.value.view.hasControl && can('operations:read');
  const registered = useAnswer<Registered>(`/api/platform/vehicles/${id}`);
  const status = useAnswer<Status>(`/api/api-iot/vehicle/${id}/status`, { everyMs: 3_000 });
  const history = useAnswer<{ readonly commands: readonly Command[] }>(
    `/api/api-iot/vehicle/${id}/history?limit=20`,
  );
  const connections = useAnswer<{ readonly connections: readonly ConnectionChange[] }>(
    `/api/api-iot/vehicle/${id}/connections`,
  );
  const simulated = useAnswer<Simulated>(hasControl ? `/api/control/vehicles/${id}` : null, {
    everyMs: 3_000,
  });
  return (
    <>
      <Problem text={registered.problem ?? status.problem} />
      <div class="columns">
        <About vin={vin} registered={registered.body} status={status.body} />
        <Services registered={registered.body} />
        {simulated.body === null ? null : <Simulation vehicle={simulated.body} />}
      </div>
      {status.body === null ? null : <Features status={status.body} />}
      <Commands commands={history.body?.commands ?? []} />
      <Connections changes={connections.body?.connections ?? []} />
      {status.body === null ? null : (
        <Telemetry
          key={vin}
          vin={vin}
          status={status.body}
          connections={connections.body?.connections ?? []}
        />
      )}
    </>
  );
}

function About({
  vin,
  registered,
  status,
}: {
  readonly vin: string;
  readonly registered: Registered | null;
  readonly status: Status | null;
}) {
  return (
    <section class="card spaced" aria-labelledby="about">
      <div class="head">
        <h2 id="about">
          <Id text={vin} />
        </h2>
        {status === null ? null : (
          <Tag tone={status.online ? 'good' : 'bad'}>{status.online ? 'online' : 'offline'}</Tag>
        )}
      </div>
      <dl class="pairs">
        <dt>Model</dt>
        <dd>
          {registered === null ? '–' : <Foreign text={`${registered.modelName} (${registered.model})`} />}
        </dd>
        <dt>Customer</dt>
        <dd>{registered?.customerId ? <Foreign text={registered.customerId} /> : '–'}</dd>
        <dt>Firmware</dt>
        <dd>{status?.firmware ? <Foreign text={status.firmware} /> : '–'}</dd>
        <dt>Last seen</dt>
        <dd>{status?.lastSeenAt ? instantText(status.lastSeenAt) : '–'}</dd>
        <dt>Clock</dt>
        <dd>
          {status?.clockSkewMs
            ? `${spanText(Math.abs(status.clockSkewMs))} ${status.clockSkewMs > 0 ? 'ahead' : 'behind'}`
            : 'right'}
        </dd>
      </dl>
    </section>
  );
}

function Services({ registered }: { readonly registered: Registered | null }) {
  return (
    <section class="card spaced" aria-labelledby="services">
      <h2 id="services">Services of its owner</h2>
      {registered === null || registered.services.length === 0 ? <p class="soft">None.</p> : null}
      <ul class="plain">
        {registered?.services.map(({ serviceId, status, purchaseId }) => (
          <li key={serviceId}>
            {purchaseId === null ? serviceId : <a href={`/purchases/${purchaseId}`}>{serviceId}</a>}{' '}
            <Tag tone={status === 'active' ? 'good' : 'unsure'}>{words(status)}</Tag>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Simulation({ vehicle: { faults, displayed } }: { readonly vehicle: Simulated }) {
  return (
    <section class="card spaced" aria-labelledby="simulated">
      <h2 id="simulated">Faults and display</h2>
      {faults.length === 0 ? <p class="soft">No fault is on it.</p> : null}
      <ul class="plain">
        {faults.map(({ id, name, type }) => (
          <li key={id}>
            <a href="/faults">
              <Foreign text={name} />
            </a>{' '}
            <span class="soft">{words(type)}</span>
          </li>
        ))}
      </ul>
      <h3>Display</h3>
      <ul class="plain">
        {displayed.slice(-4).map((text, index) => (
          <li key={`${index} ${text}`}>
            <Foreign text={text} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Features({ status: { desired, reported } }: { readonly status: Status }) {
  const names = [...new Set([...desired, ...(reported ?? [])].map(({ feature }) => feature))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const of = (list: readonly Feature[] | null, name: string) =>
    list?.find(({ feature }) => feature === name)?.state ?? null;
  return (
    <section aria-labelledby="features">
      <h2 id="features">Features</h2>
      <Table
        label="List of features"
        heads={['Feature', 'Desired', 'Reported']}
        isEmpty={names.length === 0}
        empty="Nothing is known yet."
      >
        {names.map((name) => {
          const [wanted, shown] = [of(desired, name), of(reported, name)];
          return (
            <tr key={name}>
              <th scope="row">{words(name)}</th>
              <td>{wanted ?? '–'}</td>
              <td>
                {wanted !== null && wanted !== shown ? (
                  <Tag tone="unsure">{shown ?? 'unknown'}</Tag>
                ) : (
                  (shown ?? '–')
                )}
              </td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

function Commands({ commands }: { readonly commands: readonly Command[] }) {
  const tones = { applied: 'good', accepted: 'unsure' } as Readonly<Record<string, 'good' | 'unsure'>>;
  return (
    <section aria-labelledby="commands">
      <h2 id="commands">Commands</h2>
      <Table
        label="List of commands"
        heads={['Command', 'Features', 'State', 'Accepted', 'Took']}
        isEmpty={commands.length === 0}
        empty="No command yet."
      >
        {commands.map(({ id, state, features, acceptedAt, endedAt, late }) => (
          <tr key={id}>
            <th scope="row">
              <Id text={id} />
            </th>
            <td>{features.map(({ feature, target }) => `${words(feature)}: ${target}`).join(', ')}</td>
            <td>
              <Tag tone={tones[state] ?? 'bad'}>{words(state)}</Tag>{' '}
              {late ? <Tag tone="unsure">late</Tag> : null}
            </td>
            <td>{instantText(acceptedAt)}</td>
            <td>{endedAt === null ? '–' : spanText(endedAt - acceptedAt)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

/** What the API IoT has kept, continued by what this page has read since it was opened. */
function Telemetry({
  vin,
  status: { telemetry, telemetryAt },
  connections,
}: {
  readonly vin: string;
  readonly status: Status;
  readonly connections: readonly ConnectionChange[];
}) {
  const past = useAnswer<{ readonly samples: readonly TelemetrySample[] }>(
    `/api/api-iot/vehicle/${encodeURIComponent(vin)}/telemetry`,
    { everyMs: 60_000, isLive: false },
  );
  const [seen, setSeen] = useState<readonly TelemetrySample[]>([]);
  useEffect(() => {
    setSeen((known) => withSeen(known, telemetryAt, telemetry));
  }, [telemetryAt, telemetry]);
  const signals = Object.entries(telemetry);
  return (
    <section aria-labelledby="telemetry">
      <h2 id="telemetry">Telemetry</h2>
      <TelemetryCharts series={seriesOf(past.body?.samples ?? [], seen)} connections={connections} />
      <h3>Last known values</h3>
      <Table
        label="List of signals"
        heads={['Signal', 'Value']}
        isEmpty={signals.length === 0}
        empty="No telemetry yet."
      >
        {signals.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">
              <Foreign text={name} />
            </th>
            <td>
              <Foreign text={typeof value === 'string' ? value : JSON.stringify(value)} />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
