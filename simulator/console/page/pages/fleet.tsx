import { useMemo, useState } from 'preact/hooks';
import { Foreign, Id, Problem, Tag } from '../parts/shown.tsx';
import { useAnswer } from '../parts/use-answer.ts';
import { session } from '../session-state.ts';
import { type FleetFilter, type FleetVehicle, filteredFleet, shownRows } from './fleet-filter.ts';

const rowHeight = 44;
const boxHeight = 560;

/** The vehicles of the fleet: the rows that are seen are drawn, so that 10,000 cost no more than 30. */
export function Fleet() {
  const hasControl = session.value.state === 'open' && session.value.view.hasControl;
  const { body, problem } = useAnswer<{ readonly vehicles: readonly FleetVehicle[] }>(
    hasControl ? '/api/control/vehicles' : null,
    { everyMs: 5_000, isLive: false },
  );
  const [filter, setFilter] = useState<FleetFilter>({ text: '', state: '' });
  const vehicles = body?.vehicles;
  const shown = useMemo(() => filteredFleet(vehicles ?? [], filter), [vehicles, filter]);
  if (!hasControl) return <FindVehicle />;
  return (
    <>
      <Problem text={problem} />
      <div class="toolbar">
        <label>
          Search
          <input
            type="search"
            value={filter.text}
            placeholder="VIN, model, region"
            onInput={(event) => setFilter({ ...filter, text: event.currentTarget.value })}
          />
        </label>
        <label>
          Show
          <select
            value={filter.state}
            onChange={(event) =>
              setFilter({ ...filter, state: event.currentTarget.value as FleetFilter['state'] })
            }
          >
            <option value="">every vehicle</option>
            <option value="online">online</option>
            <option value="offline">offline</option>
            <option value="faulty">with a fault</option>
          </select>
        </label>
        <p class="soft" role="status">
          {vehicles === undefined ? 'Loading …' : `${shown.length} of ${vehicles.length} vehicles`}
        </p>
      </div>
      <VehicleRows vehicles={shown} />
    </>
  );
}

function VehicleRows({ vehicles }: { readonly vehicles: readonly FleetVehicle[] }) {
  const [scrollTop, setScrollTop] = useState(0);
  const { first, count } = shownRows(vehicles.length, scrollTop, boxHeight, rowHeight);
  if (vehicles.length === 0) return <p class="soft empty">No vehicle fits.</p>;
  return (
    <section
      class="scrolled rows"
      aria-label="Vehicles"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who scrolls with the keyboard has to reach it
      tabIndex={0}
      style={{ maxHeight: `${boxHeight}px` }}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
    >
      <ul class="plain" style={{ height: `${vehicles.length * rowHeight}px` }}>
        {vehicles.slice(first, first + count).map((vehicle, index) => (
          <li
            key={vehicle.vin}
            aria-setsize={vehicles.length}
            aria-posinset={first + index + 1}
            style={{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            <Id text={vehicle.vin} href={`/fleet/${vehicle.vin}`} />
            <span class="model">
              <Foreign text={vehicle.model} />
            </span>
            <span class="soft">{vehicle.region}</span>
            <Tag tone={vehicle.connected ? 'good' : 'bad'}>{vehicle.connected ? 'online' : 'offline'}</Tag>
            <span>
              {vehicle.faults === 0 ? null : (
                <Tag tone="unsure">{vehicle.faults === 1 ? '1 fault' : `${vehicle.faults} faults`}</Tag>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Without the control of a fleet no list is known, but each vehicle has its page. */
function FindVehicle() {
  const [vin, setVin] = useState('');
  return (
    <div class="toolbar">
      <label>
        Vehicle (VIN)
        <input value={vin} maxLength={17} onInput={(event) => setVin(event.currentTarget.value)} />
      </label>
      <a class="button" href={`/fleet/${encodeURIComponent(vin.trim())}`}>
        Show the vehicle
      </a>
    </div>
  );
}
