import { instantText } from './duration.ts';
import { type Certainty, laneNames, type TimelineEvent } from './event.ts';

/** Empty where an event reports no result. */
export const certaintyNames: Readonly<Record<Certainty, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  unknown: 'outcome unknown',
  neutral: '',
};

/** Returns an event as one line of text: instant, lanes, title, and what belongs to it. */
export function eventText(event: TimelineEvent): string {
  return `${instantText(event.atMs).padStart(13)}  ${placeText(event).padEnd(26)}  ${saidText(event)}`;
}

/** `Broker → Vehicle` */
export function placeText({ lane, toLane }: TimelineEvent): string {
  return toLane === undefined || toLane === lane
    ? laneNames[lane]
    : `${laneNames[lane]} → ${laneNames[toLane]}`;
}

/** Returns an event's title with its activation, attempt and result. */
export function saidText({ title, activation, attempt, certainty }: TimelineEvent): string {
  const parts = [
    ...(activation === undefined ? [] : [activation]),
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(certainty === 'neutral' ? [] : [certaintyNames[certainty]]),
  ];
  return parts.length === 0 ? title : `${title} (${parts.join(', ')})`;
}

export function eventsText(events: readonly TimelineEvent[]): string {
  return events.map((event) => `${eventText(event)}\n`).join('');
}

export function eventsJson(events: readonly TimelineEvent[]): string {
  return `${JSON.stringify(events, null, 2)}\n`;
}
