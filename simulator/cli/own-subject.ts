import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { catalogueFolder } from '../../gateway/catalogue/folder.ts';
import { servicesPath } from '../../gateway/catalogue/services-file.ts';
import { templatesFolder } from '../../gateway/catalogue/templates.ts';
import { readTextFile } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { policiesOf, readOwnCatalogue } from '../check/own-catalogue.ts';
import { readPolicy, type TestCasePolicy } from '../check/own-policy.ts';
import { UsageError } from './exit.ts';

/** Files of a team's own that a check is about. */
export interface SubjectFlags {
  readonly policy?: string;
  readonly catalogue?: string;
}

export interface OwnSubject {
  readonly policies?: readonly TestCasePolicy[];
  readonly catalogue?: Catalogue;
}

/** Reads them, or throws `UsageError` with a sentence for each mistake. */
export function ownSubject(flags: SubjectFlags): OwnSubject {
  const catalogue = flags.catalogue === undefined ? undefined : catalogueAt(flags.catalogue);
  if (flags.policy !== undefined) {
    const reading = readPolicy(flags.policy, textOf(flags.policy));
    if (!reading.ok) throw new UsageError(`the policy is refused:\n${list(reading.mistakes)}`);
    return { policies: [reading.policy], ...(catalogue && { catalogue }) };
  }
  return catalogue ? { policies: policiesOf(catalogue), catalogue } : {};
}

/** A JSON file with services, or a catalogue's folder; templates lie in the folder `templates` beside the services. */
export function catalogueAt(path: string): Catalogue {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const file = isFolder ? join(path, servicesPath) : path;
  const folder = isFolder ? path : dirname(path);
  const templates = existsSync(join(folder, templatesFolder)) ? catalogueFolder(folder) : null;
  const reading = readOwnCatalogue(file, textOf(file), templates);
  if (!reading.ok) throw new UsageError(`the catalogue is refused:\n${list(reading.mistakes)}`);
  return reading.catalogue;
}

function textOf(file: string): string {
  try {
    return readTextFile(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${fileErrorText(error)}; correct its path`);
  }
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}
