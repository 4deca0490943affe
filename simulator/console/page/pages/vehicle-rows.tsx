import { useState } from 'preact/hooks';
import { shownRows } from '../../../timeline/rows.ts';
import { Mark } from '../parts/mark.tsx';
import { Foreign, Id, Tag } from '../parts/shown.tsx';
import type { Kind } from './fleet-colours.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';

const rowHeight = 44;
const boxHeight = 560;

/** A list of vehicles: the rows that are seen are drawn, so that 10,000 cost no more than 30. */
export function VehicleRows({
  vehicles,
  kinds,
  kindOf,
}: {
  readonly vehicles: readonly FleetVehicle[];
  readonly kinds: readonly Kind[];
  readonly kindOf: (vehicle: FleetVehicle) => number;
}) {
  const [scrollTop, setScrollTop] = useState(0);
  const { first, count } = shownRows(vehicles.length, scrollTop, boxHeight, rowHeight);
  if (vehicles.length === 0) return <p class="soft empty">No vehicle matches the filter.</p>;
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
            <Vehicle vehicle={vehicle} kind={kinds[kindOf(vehicle)]} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Vehicle({ vehicle, kind }: { readonly vehicle: FleetVehicle; readonly kind: Kind | undefined }) {
  const { vin, model, region, connected, isKnown, faults, differs, isOpen } = vehicle;
  const state = connected ? 'online' : isKnown ? 'offline' : 'never connected';
  return (
    <>
      <span class="vin">
        {kind === undefined ? null : <Mark {...kind} />}
        <Id text={vin} href={`/fleet/${encodeURIComponent(vin)}`} />
      </span>
      <span class="model">
        <Foreign text={model} />
      </span>
      <span class="soft">
        <Foreign text={region} />
      </span>
      <Tag tone={connected ? 'good' : isKnown ? 'bad' : 'plain'}>{state}</Tag>
      <span class="marks">
        {differs ? <Tag tone="unsure">differs</Tag> : null}
        {isOpen ? <Tag tone="unsure">open activation</Tag> : null}
        {faults === 0 ? null : <Tag tone="bad">{faults === 1 ? '1 fault' : `${faults} faults`}</Tag>}
      </span>
    </>
  );
}
