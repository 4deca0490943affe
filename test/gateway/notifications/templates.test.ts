import { expect, it } from 'vitest';
import { loadTemplates } from '../../../gateway/notifications/renderer.ts';
import { TemplateFault } from '../../../gateway/notifications/template.ts';
import { readTemplate } from '../../helpers/notification-rows.ts';

/** The templates as shipped, one file of them replaced; null: missing. */
function loadWith(file: string, text: string | null) {
  return () =>
    loadTemplates(
      (name) => {
        if (name !== file) return readTemplate(name);
        if (text === null) throw new Error('ENOENT: no such file');
        return text;
      },
      { domain: 'notices.caas.example' },
    );
}

it('starts with the templates as shipped, with either kind of line end', () => {
  expect(loadTemplates(readTemplate, { domain: 'd' })).toBeTypeOf('function');
  expect(loadTemplates((name) => readTemplate(name).replaceAll('\n', '\r\n'), { domain: 'd' })).toBeTypeOf(
    'function',
  );
});

it.each([
  [
    'en/activation-failed.html.mustache',
    null,
    'The notification template en/activation-failed.html.mustache cannot be read: ENOENT: no such file.',
  ],
  [
    'en/activation-failed.text.mustache',
    'Hello {{customerName}}',
    'The notification template en/activation-failed.text.mustache is malformed: its first line is "Subject: …", and an empty line and the text follow.',
  ],
  [
    'es/payment-confirmed.push.mustache',
    'only a title',
    'The notification template es/payment-confirmed.push.mustache is malformed: its first line is the title, and an empty line and the body follow.',
  ],
  [
    'en/activation-started.html.mustache',
    '<p>{{#onDelivery}}</p>',
    'The notification template en/activation-started.html.mustache is malformed: Unclosed section "onDelivery" at 22.',
  ],
  [
    'en/activation-started.html.mustache',
    '<p>{{costumerName}}</p>',
    'The notification template en/activation-started.html.mustache names {{costumerName}}, which no notification has; it may name customerName, serviceName, vehicleModel, duration, amount, timestamp, ticketId, message, workshop, appointment, settleBy, activeUntil, reference, contact, link, onDelivery, immediately, isHeldByBank, isDisputeLost, isServiceActive, endsIfLost.',
  ],
  [
    'en/activation-started.html.mustache',
    '<p>{{{customerName}}}</p>',
    'The notification template en/activation-started.html.mustache uses the tag "&customerName", which is not allowed.',
  ],
])('stops the start with a sentence when %s is %j', (file, text, sentence) => {
  expect(loadWith(file, text)).toThrow(new TemplateFault(sentence));
});
