import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { FleetMap } from '../map/fleet-map.tsx';
import { SelectField } from '../parts/field.tsx';
import { Mark } from '../parts/mark.tsx';
import { Problem } from '../parts/shown.tsx';
import { address, goTo } from '../router.ts';
import { can, session } from '../session-state.ts';
import { type Colouring, colourings, legends } from './fleet-colours.ts';
import { type FleetFilter, filteredFleet, filterFrom, isInArea, queryOf } from './fleet-filter.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';
import { useFleet } from './use-fleet.ts';
import { VehicleRows } from './vehicle-rows.tsx';

/** Typing changes the address after this pause: a browser refuses to take more than some changes a second. */
const addressMs = 250;

/** The vehicles of the fleet on a map and in a list, with the same colours. */
export function Fleet() {
  const hasControl = session.value.state === 'open' && session.value.view.hasControl;
  const canRead = can('operations:read');
  const { vehicles, problems } = useFleet({ hasControl: hasControl && canRead, hasOverview: canRead });
  const [filter, setFilter] = useFilter();
  const { area, colouring, text, state, region, model } = filter;
  const found = useMemo(
    () => filteredFleet(vehicles ?? [], { text, state, region, model }),
    [vehicles, text, state, region, model],
  );
  const shown = useMemo(
    () => (area === null ? found : found.filter((vehicle) => isInArea(area, vehicle))),
    [found, area],
  );
  const change = (changed: Partial<FleetFilter>) => setFilter({ ...filter, ...changed });
  const { kinds, kindOf } = legends[colouring];
  const withoutPlace = found.filter(({ place }) => place === null).length;
  return (
    <>
      {problems.map((problem) => (
        <Problem key={problem} text={problem} />
      ))}
      <Filters filter={filter} vehicles={vehicles ?? []} onChange={change} />
      <div class="head">
        <p class="soft" role="status">
          {vehicles === null ? 'Loading …' : `${shown.length} of ${vehicles.length} vehicles`}
          {withoutPlace === 0 ? null : ` · ${withoutPlace} without a known place`}
        </p>
        <Legend vehicles={shown} colouring={colouring} />
      </div>
      <FleetMap
        vehicles={found}
        kinds={kinds}
        kindOf={kindOf}
        isClustered={filter.isClustered}
        area={area}
        onArea={(chosen) => change({ area: chosen })}
        onOpen={(vin) => goTo(`/fleet/${encodeURIComponent(vin)}`)}
      />
      {vehicles === null ? null : <VehicleRows vehicles={shown} kinds={kinds} kindOf={kindOf} />}
    </>
  );
}

/** The filter, and the address in step with it: a link shows the same, and so does the browser's Back. */
function useFilter(): readonly [FleetFilter, (filter: FleetFilter) => void] {
  const { search } = address.value;
  const [filter, setFilter] = useState(() => filterFrom(new URLSearchParams(search)));
  const written = useRef(search);
  useEffect(() => {
    if (search === written.current) return;
    written.current = search;
    setFilter(filterFrom(new URLSearchParams(search)));
  }, [search]);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      const query = queryOf(filter);
      if (query === written.current) return;
      written.current = query;
      goTo(`/fleet${query}`, { isReplacing: true });
    }, addressMs);
    return () => window.clearTimeout(timer);
  }, [filter]);
  return [filter, setFilter];
}

const stateOptions = [
  ['', 'every vehicle'],
  ['online', 'online'],
  ['offline', 'offline'],
  ['differs', 'desired differs from reported'],
  ['open', 'with an open activation'],
  ['faulty', 'with a fault'],
] as const;

function Filters({
  filter,
  vehicles,
  onChange,
}: {
  readonly filter: FleetFilter;
  readonly vehicles: readonly FleetVehicle[];
  readonly onChange: (changed: Partial<FleetFilter>) => void;
}) {
  return (
    <div class="toolbar">
      <label>
        Search
        <input
          type="search"
          value={filter.text}
          placeholder="VIN, model, region"
          onInput={(event) => onChange({ text: event.currentTarget.value })}
        />
      </label>
      <SelectField
        label="Show"
        value={filter.state}
        options={stateOptions}
        onChange={(state) => onChange({ state: state as FleetFilter['state'] })}
      />
      <Choice
        label="Region"
        value={filter.region}
        names={namesOf(vehicles, 'region')}
        onChange={(region) => onChange({ region })}
      />
      <Choice
        label="Model"
        value={filter.model}
        names={namesOf(vehicles, 'model')}
        onChange={(model) => onChange({ model })}
      />
      <SelectField
        label="Colour by"
        value={filter.colouring}
        options={colourings.map((one) => [one, legends[one].label.toLowerCase()])}
        onChange={(colouring) => onChange({ colouring: colouring as Colouring })}
      />
      <SelectField
        label="On the map"
        value={filter.isClustered ? 'groups' : 'points'}
        options={[
          ['groups', 'groups'],
          ['points', 'each vehicle'],
        ]}
        onChange={(shown) => onChange({ isClustered: shown === 'groups' })}
      />
    </div>
  );
}

function Choice({
  label,
  value,
  names,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly names: readonly string[];
  readonly onChange: (value: string) => void;
}) {
  if (names.length === 0 && value === '') return null;
  const all = names.includes(value) || value === '' ? names : [value, ...names];
  return (
    <SelectField
      label={label}
      value={value}
      options={[['', 'every one'], ...all.map((name) => [name, name] as const)]}
      onChange={onChange}
    />
  );
}

/** Names that a select offers, at most: vehicles of others may have any. */
const namesMax = 100;

function namesOf(vehicles: readonly FleetVehicle[], field: 'region' | 'model'): string[] {
  const names = new Set(vehicles.map((vehicle) => vehicle[field]).filter((name) => name !== ''));
  return [...names].sort((one, other) => (one < other ? -1 : 1)).slice(0, namesMax);
}

/** What the marks mean, with how many vehicles have each. */
function Legend({
  vehicles,
  colouring,
}: {
  readonly vehicles: readonly FleetVehicle[];
  readonly colouring: Colouring;
}) {
  const { label, kinds, kindOf } = legends[colouring];
  const counts = kinds.map(() => 0);
  for (const vehicle of vehicles) {
    const kind = kindOf(vehicle);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return (
    <ul class="map-legend" aria-label={`Legend: ${label}`}>
      {kinds.map((kind, index) => (
        <li key={kind.label}>
          <Mark {...kind} /> {kind.label} <span class="number">{counts[index]}</span>
        </li>
      ))}
    </ul>
  );
}
