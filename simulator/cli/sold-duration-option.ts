import { type Duration, durationText } from '../../gateway/catalogue/service.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { UsageError } from './exit.ts';

/** Returns the duration of a service as `--duration` says it: `30 days`, `1 month`, `permanent`. Throws `UsageError` for any other text. */
export function soldDurationOf(text: string): Duration {
  if (text === 'permanent') return { unit: 'permanent' };
  const [, count = '', unit = ''] = /^(\d{1,4}) (hour|day|month)s?$/.exec(text) ?? [];
  if (unit === '')
    throw new UsageError(
      `--duration must be such as "${durationText({ unit: 'days', count: 30 })}" or permanent, not ${givenText(text)}`,
    );
  return { unit: `${unit}s`, count: Number(count) } as Duration;
}
