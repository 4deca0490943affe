import { offsetText, zoneOffsetMs } from '../../shared/protocol/time-zone.ts';
import type { Duration } from '../catalogue/service.ts';

/** The primary subtag of a BCP 47 tag (`en`, `fr`). */
export type Language = string;

/** How a language says durations. */
export interface DurationWords {
  readonly hours: readonly [one: string, many: string];
  readonly days: readonly [one: string, many: string];
  readonly months: readonly [one: string, many: string];
  readonly permanent: string;
}

/** Languages that have templates, with their words for durations. English is always among them. */
export type NoticeLanguages = Readonly<Record<Language, DurationWords>>;

/** The languages that are shipped. */
export const shippedLanguages = {
  en: {
    hours: ['hour', 'hours'],
    days: ['day', 'days'],
    months: ['month', 'months'],
    permanent: 'permanent',
  },
  es: {
    hours: ['hora', 'horas'],
    days: ['día', 'días'],
    months: ['mes', 'meses'],
    permanent: 'permanente',
  },
} as const satisfies NoticeLanguages;

/** Returns the language of a BCP 47 tag (`es-MX` is `es`); English for a language without templates. */
export function languageOf(tag: string, languages: NoticeLanguages): Language {
  const primary = tag.toLowerCase().split(/[-_]/)[0] ?? '';
  return Object.hasOwn(languages, primary) ? primary : 'en';
}

/** Returns whether the product writes notifications in the language of a BCP 47 tag. */
export function isShipped(tag: string): boolean {
  const language = languageOf(tag, shippedLanguages);
  return language !== 'en' || /^en(?:[-_]|$)/i.test(tag);
}

/** Returns `12 months`, `1 hora`, `permanent`. */
export function durationPhrase(duration: Duration, words: DurationWords): string {
  if (duration.unit === 'permanent') return words.permanent;
  const [one, many] = words[duration.unit];
  return `${duration.count} ${duration.count === 1 ? one : many}`;
}

type DateText = (day: number, month: number, year: number) => string;

const englishMonths =
  'January February March April May June July August September October November December'.split(' ');
const spanishMonths =
  'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre'.split(' ');
const two = (value: number) => String(value).padStart(2, '0');

const dateTexts: Readonly<Record<keyof typeof shippedLanguages, DateText>> = {
  en: (day, month, year) => `${day} ${englishMonths[month - 1]} ${year}`,
  es: (day, month, year) => `${day} de ${spanishMonths[month - 1]} de ${year}`,
};
/** Of a language that an operator adds: without words (ISO 8601). */
const plainDate: DateText = (day, month, year) => `${year}-${two(month)}-${two(day)}`;

/**
 * Returns an instant as customers read it, `18 January 2027, 10:00 (UTC+01:00)`. Written out rather than by Intl, whose words differ
 * between versions of Node; a language of an operator's own has dates without words. The text itself where it is no instant.
 */
export function localTime(instant: string, language: Language, timeZone: string): string {
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return instant;
  const offsetMs = zoneOffsetMs(at, timeZone);
  const local = new Date(at + offsetMs);
  const dateText = language === 'en' || language === 'es' ? dateTexts[language] : plainDate;
  const date = dateText(local.getUTCDate(), local.getUTCMonth() + 1, local.getUTCFullYear());
  return `${date}, ${two(local.getUTCHours())}:${two(local.getUTCMinutes())} (${offsetText(offsetMs)})`;
}
