import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogueFolder, shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../../gateway/catalogue/load.ts';
import { readRoster } from '../../../gateway/support/roster-file.ts';
import { decodeText, readTextFile } from '../../../shared/files/text-file.ts';
import { openKeyring } from '../../../shared/live/keyring.ts';
import { payloadOf, utf8Of } from '../../../shared/protocol/utf8.ts';
import { textOfNamedFile } from '../../../simulator/cli/named-file.ts';
import { catalogueAt } from '../../../simulator/cli/own-subject.ts';
import { readSavedReport } from '../../../simulator/reports/saved-report.ts';
import { readScenarioAt } from '../../../simulator/scenarios/library.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const mark = '\uFEFF';

describe('a byte order mark at the start of a file', () => {
  it('is ignored in services.json and in a template', () => {
    const shipped = catalogueFolder(shippedCatalogueFolder());
    const marked = { list: shipped.list, text: (path: string) => mark + shipped.text(path) };
    expect(
      loadCatalogue(marked)
        .services()
        .map(({ id }) => id),
    ).toEqual(
      loadCatalogue(shipped)
        .services()
        .map(({ id }) => id),
    );
  });

  it('is ignored in services.json of a folder of a team', () =>
    withTemporaryFolder(async (folder) => {
      const text = readTextFile(join(shippedCatalogueFolder(), 'services.json'));
      writeFileSync(join(folder, 'services.json'), mark + text);
      expect(catalogueAt(folder).services()).toHaveLength(6);
    }));

  it('is ignored in a roster', () => {
    expect(
      readRoster(
        'roster.json',
        `${mark}[{"name":"Ana","utcOffset":"+00:00","shifts":[{"weekdays":[1],"from":"09:00","to":"17:00"}]}]`,
      ),
    ).toHaveLength(1);
  });

  it('is ignored in keys.json', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'keys.json');
      writeFileSync(path, `${mark}{"callbackSecret":"kept"}`);
      expect(await openKeyring(path, { callbackSecret: () => 'made' })).toEqual({ callbackSecret: 'kept' });
    }));

  it('is ignored in a saved report: what is wrong is the report, not its first character', () => {
    expect(readSavedReport(`${mark}{}`)).toEqual({
      ok: false,
      reason: 'is no report of a run (scenario: write a text)',
    });
  });

  it('is ignored in a scenario', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'my.yaml');
      const text =
        'name: my\ndescription: d\ntimeScale: 1\nvehicles: { count: 1 }\npurchases: { count: 1, overMs: 0 }\n';
      writeFileSync(path, mark + text);
      expect(readScenarioAt(path).ok).toBe(true);
    }));
});

describe('a byte order mark', () => {
  const marked = Buffer.from('\uFEFFmark: \uFEFF');

  // Parsers of JSON and YAML drop the mark themselves; these readers hand on text that no parser has seen.
  it('is no part of the text that a reader gets, and one inside the text stays', () =>
    withTemporaryFolder(async (folder) => {
      expect(decodeText(marked)).toBe('mark: \uFEFF');
      const path = join(folder, 'marked.txt');
      writeFileSync(path, marked);
      expect(readTextFile(path)).toBe('mark: \uFEFF');
      expect(textOfNamedFile(path, 'give a file with a fault')).toBe('mark: \uFEFF');
      expect(catalogueFolder(folder).text('marked.txt')).toBe('mark: \uFEFF');
    }));

  it('is no part of a payload, a body or credentials', () => {
    expect(utf8Of(marked)).toBe('mark: \uFEFF');
    expect(payloadOf(marked)).toEqual({ payload: 'mark: \uFEFF' });
  });
});

describe('a file that is no text', () => {
  it('is refused when it is not UTF-8', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'latin1.yaml');
      writeFileSync(path, Buffer.from('name: Jos\xe9', 'latin1'));
      expect(() => textOfNamedFile(path, 'give a file with a fault')).toThrow(
        `${path}: it is not UTF-8; save it as UTF-8; give a file with a fault`,
      );
    }));

  it('is refused when it is a device without an end', () => {
    expect(() => readTextFile('/dev/zero')).toThrow('it is a device, not a file; name a file');
  });

  it('is refused when it is larger than its reader takes', () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'large.txt');
      writeFileSync(path, 'x'.repeat(11));
      expect(() => readTextFile(path, 10)).toThrow('it has more than 10 bytes; name a smaller file');
      expect(readTextFile(path, 11)).toBe('xxxxxxxxxxx');
    }));
});
