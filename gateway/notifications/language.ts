import type { Duration } from '../catalogue/service.ts';

/** Languages that have templates. */
export const languages = ['en', 'es'] as const;
export type Language = (typeof languages)[number];

/** The language of a BCP 47 tag (`es-MX` is `es`); English for all that has no templates. */
export function languageOf(tag: string): Language {
  const primary = tag.toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language === primary) ?? 'en';
}

interface DurationWords {
  readonly hours: readonly [one: string, many: string];
  readonly days: readonly [one: string, many: string];
  readonly months: readonly [one: string, many: string];
  readonly permanent: string;
}

const words: Readonly<Record<Language, DurationWords>> = {
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
};

/** `12 months`, `1 hora`, `permanent`. */
export function durationPhrase(duration: Duration, language: Language): string {
  if (duration.unit === 'permanent') return words[language].permanent;
  const [one, many] = words[language][duration.unit];
  return `${duration.count} ${duration.count === 1 ? one : many}`;
}
