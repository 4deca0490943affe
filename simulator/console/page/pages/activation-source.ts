import type { ActivationDetail } from '../../../../gateway/platform/activation-view.ts';
import type { RecordEntry } from '../../../../gateway/platform/record-view.ts';
import type { CommandResource } from '../../../../shared/protocol/api-iot.ts';
import { activationTimeline } from '../../../timeline/activation-timeline.ts';
import type { FaultSpan } from '../../../timeline/event.ts';
import { newView, type TimelineView } from '../../../timeline/view.ts';
import { call } from '../api.ts';
import { can, session } from '../session-state.ts';
import type { FaultView } from './fault-record.ts';
import { faultWindows } from './fault-window.ts';

/** Reads one activation with its history, commands and faults, as a timeline. */
export async function timelineViewOf(id: string): Promise<TimelineView> {
  const activation = await call<ActivationDetail>(`/api/platform/activations/${encodeURIComponent(id)}`);
  const { vin, purchaseId } = activation;
  const [record, commands] = await Promise.all([
    purchaseId === null
      ? []
      : everyPage<RecordEntry>(`/api/platform/purchases/${encodeURIComponent(purchaseId)}/record`, 'events'),
    // A session of a token has no rights at the API IoT: its commands are then missing.
    everyPage<CommandResource>(`/api/api-iot/vehicle/${encodeURIComponent(vin)}/history`, 'commands').catch(
      () => [],
    ),
  ]);
  return newView(activationTimeline(activation, record, commands, await faultsOn(activation)));
}

/** Windows of the faults of this vehicle or of a service, also of removed ones; none where the session may not see them. */
async function faultsOn({
  vin,
  requestedAt,
}: Pick<ActivationDetail, 'vin' | 'requestedAt'>): Promise<FaultSpan[]> {
  const { value } = session;
  if (value.state !== 'open' || !value.view.hasControl || !can('operations:read')) return [];
  const { faults } = await call<{ readonly faults: readonly FaultView[] }>(
    `/api/control/faults?view=all&vin=${encodeURIComponent(vin)}`,
  );
  const span = { from: requestedAt, until: Date.now() };
  return faults.flatMap((fault) =>
    faultWindows(fault, span).map(({ from, until }) => ({
      title: `${fault.layer}: ${fault.name}`,
      fromMs: from,
      toMs: until === span.until ? null : until,
    })),
  );
}

const pagesMax = 50;

/** Rows of a list that the API gives in pages, at most 5,000. */
async function everyPage<Row>(path: string, field: string): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor = '';
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await call<{ readonly next: string | null; readonly [_: string]: unknown }>(
      `${path}?limit=100${cursor}`,
    );
    rows.push(...(answer[field] as Row[]));
    if (answer.next === null) break;
    cursor = `&cursor=${encodeURIComponent(answer.next)}`;
  }
  return rows;
}
