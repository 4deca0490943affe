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

/** Returns the language of a BCP 47 tag (`es-MX` is `es`); English for all that has no templates. */
export function languageOf(tag: string, languages: NoticeLanguages): Language {
  const primary = tag.toLowerCase().split(/[-_]/)[0] ?? '';
  return Object.hasOwn(languages, primary) ? primary : 'en';
}

/** Returns `12 months`, `1 hora`, `permanent`. */
export function durationPhrase(duration: Duration, words: DurationWords): string {
  if (duration.unit === 'permanent') return words.permanent;
  const [one, many] = words[duration.unit];
  return `${duration.count} ${duration.count === 1 ? one : many}`;
}
