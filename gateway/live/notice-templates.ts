import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readTextFile } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { type DurationWords, type NoticeLanguages, shippedLanguages } from '../notifications/language.ts';
import { loadTemplates, type Render } from '../notifications/renderer.ts';
import { TemplateFault } from '../notifications/template.ts';
import { readTemplate } from './shipped-templates.ts';

export interface NoticeTemplates {
  readonly render: Render;
  readonly languages: NoticeLanguages;
}

const oneAndMany = z.tuple([z.string().min(1).max(40), z.string().min(1).max(40)]);
const wordsSchema = z.strictObject({
  hours: oneAndMany,
  days: oneAndMany,
  months: oneAndMany,
  permanent: z.string().min(1).max(40),
});

/**
 * Reads the templates of `--templates`: a folder for each language with files that replace the shipped ones. A language that is not
 * shipped needs every file, and `durations.json`. Without a folder the shipped ones. Throws `TemplateFault` with a sentence.
 */
export function noticeTemplates(folder: string | null, domain: string): NoticeTemplates {
  if (folder === null)
    return { render: loadTemplates(readTemplate, { domain }), languages: shippedLanguages };
  const languages = { ...shippedLanguages, ...ownLanguages(folder) };
  const read = (name: string) => {
    const own = join(folder, name);
    const isShipped = Object.hasOwn(shippedLanguages, name.split('/')[0] ?? '');
    return existsSync(own) || !isShipped ? readTextFile(own) : readTemplate(name);
  };
  return { render: loadTemplates(read, { domain, languages }), languages };
}

function ownLanguages(folder: string): NoticeLanguages {
  return Object.fromEntries(
    foldersOf(folder).flatMap((language): [string, DurationWords][] => {
      if (!/^[a-z]{2,3}$/.test(language))
        throw new TemplateFault(
          `The folder ${join(folder, language)} names no language: name it by a language code such as fr.`,
        );
      const file = join(folder, language, 'durations.json');
      const isShipped = Object.hasOwn(shippedLanguages, language);
      return isShipped && !existsSync(file) ? [] : [[language, durationsOf(file)]];
    }),
  );
}

function foldersOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw new TemplateFault(`The template folder ${folder} cannot be read: ${fileErrorText(error)}.`);
  }
}

function durationsOf(file: string): DurationWords {
  const wanted = '{"hours": [one, many], "days": [one, many], "months": [one, many], "permanent": text}';
  try {
    return wordsSchema.parse(parseJsonText(readTextFile(file)));
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'it has another form' : fileErrorText(error);
    throw new TemplateFault(`The file ${file} cannot be used: ${reason}; write ${wanted}.`);
  }
}
