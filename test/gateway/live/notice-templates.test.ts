import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { shippedCatalogueFolder } from '../../../gateway/catalogue/folder.ts';
import { noticeTemplates } from '../../../gateway/live/notice-templates.ts';
import { durationPhrase, languageOf } from '../../../gateway/notifications/language.ts';
import { TemplateFault } from '../../../gateway/notifications/template.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const shipped = join(shippedCatalogueFolder(), '..', 'notifications', 'templates');
const words = { hours: ['heure', 'heures'], days: ['jour', 'jours'], months: ['mois', 'mois'] };

const notice = (language: string) => ({
  id: 'ntc_1',
  kind: 'activation_started' as const,
  channel: 'email' as const,
  data: JSON.stringify({
    ...{ language, to: 'ana@example.com', customerName: 'Ana', serviceName: 'Heated Seats' },
    ...{ vehicleModel: 'Aurora', duration: '1 mois', amount: '14.90 EUR', capture: 'on_delivery' },
    ...{ timestamp: '2026-11-29T10:00:00Z', ticketId: null, contact: 'help', link: 'https://x.example' },
  }),
});

async function withFrench(run: (folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const texts = join(folder, 'texts');
    await cp(join(shipped, 'en'), join(texts, 'fr'), { recursive: true });
    await writeFile(join(texts, 'fr', 'durations.json'), JSON.stringify({ ...words, permanent: 'sans fin' }));
    await writeFile(
      join(texts, 'fr', 'activation-started.text.mustache'),
      'Subject: Activation de {{serviceName}}\n\nBonjour {{customerName}}',
    );
    await run(texts);
  });
}

test('sends a notification in a language of the folder, and keeps the shipped texts of the others', async () => {
  await withFrench(async (folder) => {
    await mkdir(join(folder, 'en'));
    await writeFile(
      join(folder, 'en', 'activation-started.text.mustache'),
      'Subject: On its way\n\nHi {{customerName}}',
    );
    const { render, languages } = noticeTemplates(folder, 'example.com');
    expect(Object.keys(languages)).toEqual(['en', 'es', 'fr']);
    expect(render(notice('fr')).mail).toMatchObject({
      subject: 'Activation de Heated Seats',
      text: 'Bonjour Ana',
    });
    expect(render(notice('en')).mail?.subject).toBe('On its way');
    expect(render(notice('es')).mail?.subject).toBe('Activando su servicio: Heated Seats');
    // It was written when there was German.
    expect(render(notice('de')).mail?.subject).toBe('On its way');
    expect(['fr-CA', 'FR', 'de'].map((tag) => languageOf(tag, languages))).toEqual(['fr', 'fr', 'en']);
    const { fr } = languages;
    expect(fr && durationPhrase({ unit: 'hours', count: 2 }, fr)).toBe('2 heures');
  });
});

test('names the file of a language that is missing or malformed', async () => {
  await withFrench(async (folder) => {
    const loading = () => noticeTemplates(folder, 'example.com');
    await rm(join(folder, 'fr', 'activation-failed.push.mustache'));
    expect(loading).toThrow(
      new TemplateFault(
        'The notification template fr/activation-failed.push.mustache cannot be read: there is no such file.',
      ),
    );
    await writeFile(join(folder, 'fr', 'durations.json'), '{"hours": ["heure"]}');
    expect(loading).toThrow(
      new TemplateFault(
        `The file ${join(folder, 'fr', 'durations.json')} cannot be used: it has another form; write {"hours": [one, many], "days": [one, many], "months": [one, many], "permanent": text}.`,
      ),
    );
    await mkdir(join(folder, 'French'));
    expect(loading).toThrow(
      new TemplateFault(
        `The folder ${join(folder, 'French')} names no language: name it by a language code such as fr.`,
      ),
    );
    expect(() => noticeTemplates('/nowhere', 'example.com')).toThrow(
      new TemplateFault('The template folder /nowhere cannot be read: there is no such file.'),
    );
  });
});
