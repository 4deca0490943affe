import { useEffect, useState } from 'preact/hooks';
import type { ListedVehicle, VehicleList } from '../../../../shared/protocol/api-iot.ts';
import { ApiProblem, call, messageOf } from '../api.ts';
import { type ControlledVehicle, type FleetSources, type FleetVehicle, fleetOf } from './fleet-vehicle.ts';

const pageSize = 1_000;
/** Vehicles that the page shows, at most. */
export const fleetMax = 20_000;
/** From the end of one reading to the next. */
const restMs = 10_000;

export interface FleetReading {
  /** Null until the first source has answered. */
  readonly vehicles: readonly FleetVehicle[] | null;
  /** Why a source did not answer, or what is missing. */
  readonly problems: readonly string[];
}

/** Reads the fleet from the API IoT, the control of the faults and the platform, and keeps it fresh as long as it is shown. */
export function useFleet({
  hasControl,
  hasOverview,
}: {
  /** Whether the session may read the vehicles of the control, and the open vehicles of the platform. */
  readonly hasControl: boolean;
  readonly hasOverview: boolean;
}): FleetReading {
  const [reading, setReading] = useState<FleetReading>({ vehicles: null, problems: [] });
  useEffect(() => {
    let isShown = true;
    let timer: number | undefined;
    let sources: FleetSources = { listed: null, controlled: null, open: null };
    let problems: readonly string[] = [];
    const show = () => {
      if (isShown) setReading({ vehicles: fleetOf(sources), problems });
    };
    const failed: string[] = [];
    const take = async <Answer>(reading: Promise<Answer>, keep: (answer: Answer) => void) => {
      try {
        keep(await reading);
      } catch (error) {
        failed.push(messageOf(error));
      }
    };
    async function readAll(): Promise<void> {
      failed.length = 0;
      const isFirst = sources.listed === null && sources.controlled === null;
      const onPart = (listed: readonly ListedVehicle[]) => {
        if (!isFirst) return;
        sources = { ...sources, listed };
        show();
      };
      await Promise.all([
        take(readListed(onPart, () => isShown).catch(withHint), (listed) => {
          sources = { ...sources, listed };
          if (listed.length >= fleetMax) failed.push(`The first ${fleetMax} vehicles are shown.`);
        }),
        hasControl
          ? take(
              call<{ vehicles: readonly ControlledVehicle[] }>('/api/control/vehicles'),
              ({ vehicles }) => {
                sources = { ...sources, controlled: vehicles };
                if (isFirst) show();
              },
            )
          : undefined,
        hasOverview
          ? take(call<{ vins: readonly string[] }>('/api/platform/overview/vehicles'), ({ vins }) => {
              sources = { ...sources, open: vins };
            })
          : undefined,
      ]);
      problems = [...failed];
      show();
      if (isShown) timer = window.setTimeout(() => void readAll(), restMs);
    }
    void readAll();
    return () => {
      isShown = false;
      window.clearTimeout(timer);
    };
  }, [hasControl, hasOverview]);
  return reading;
}

/** Reads the pages of the API IoT's list one after the other. `onPart` receives the first. */
async function readListed(
  onPart: (listed: readonly ListedVehicle[]) => void,
  isWanted: () => boolean,
): Promise<readonly ListedVehicle[]> {
  const listed: ListedVehicle[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page: VehicleList = await call<VehicleList>(`/api/api-iot/vehicles?limit=${pageSize}${after}`);
    listed.push(...page.vehicles);
    if (cursor === null) onPart([...listed]);
    cursor = page.next;
  } while (cursor !== null && listed.length < fleetMax && isWanted());
  return listed;
}

/** A session of a token has no rights at the API IoT. */
function withHint(error: unknown): never {
  const hint = error instanceof ApiProblem && error.status === 403;
  throw hint ? new Error(`${error.message} Log in with a client to see where vehicles are.`) : error;
}
