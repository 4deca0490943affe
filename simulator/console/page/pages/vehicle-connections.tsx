import { Foreign, Table, Tag } from '../parts/shown.tsx';
import { instantText, spanText } from '../parts/text.ts';
import { type ConnectionChange, durations } from './connection-spans.ts';

/** Why a vehicle connected or disconnected, by the names of the API IoT. */
const reasons: Readonly<Record<string, string>> = {
  connected: 'the vehicle reported it',
  disconnected: 'the vehicle announced it',
  connection_lost: 'the connection was lost (last will)',
  broker_lost: 'the broker lost its sessions',
  message_received: 'it sent a message after a last will',
};

/** When a vehicle connected and disconnected, and why. */
export function Connections({ changes }: { readonly changes: readonly ConnectionChange[] }) {
  const lasted = durations(changes);
  return (
    <section aria-labelledby="connections">
      <h2 id="connections">Connection history</h2>
      <Table
        label="List of connects and disconnects"
        heads={['When', 'State', 'Reason', 'Lasted']}
        isEmpty={changes.length === 0}
        empty="It has not connected in the last 30 days."
      >
        {changes.map(({ at, online, reason }, index) => (
          <tr key={`${at} ${index}`}>
            <th scope="row">{instantText(at)}</th>
            <td>
              <Tag tone={online ? 'good' : 'bad'}>{online ? 'online' : 'offline'}</Tag>
            </td>
            <td>
              <Foreign text={reasons[reason] ?? reason} />
            </td>
            <td>{lasted[index] == null ? 'until now' : spanText(lasted[index])}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
