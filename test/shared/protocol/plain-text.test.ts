import { describe, expect, it } from 'vitest';
import { html } from '../../../shared/html/markup.ts';
import { commandResultSchema, vehicleStatusSchema } from '../../../shared/protocol/device-messages.ts';
import { isoText } from '../../../shared/protocol/instant.ts';
import { escapedText, visibleLine, visibleText, withoutLinks } from '../../../shared/protocol/plain-text.ts';
import { withShownTimes } from '../../../simulator/cli/shown-times.ts';
import { guardTerminal } from '../../../simulator/cli/terminal-guard.ts';

const hostile = '\u001b[2J\u001b]0;x\u0007\u202e';
const vin = '1M8GDM9AXKP042788';

describe('text that others wrote', () => {
  it('reaches one line without control, format and surrogate characters', () => {
    expect(visibleLine(`${hostile}busy\u2028now\ud800`)).toBe('[2J ]0;x busy now\ufffd');
  });

  it('keeps joiners inside words and emoji, and nowhere else', () => {
    expect([
      visibleLine('\u0645\u06cc\u200c\u062e'),
      visibleLine('\u{1f468}\u200d\u{1f469}'),
      visibleLine('a \u200d b'),
    ]).toEqual(['\u0645\u06cc\u200c\u062e', '\u{1f468}\u200d\u{1f469}', 'a  b']);
  });

  it('keeps its lines where a text may have several', () => {
    expect(visibleText('one\r\ntwo\tthree\u001b[31m\u200b')).toBe('one\ntwo\tthree [31m');
  });

  it('is shown on a page without characters that turn it around', () => {
    expect(html`<p>${`a\u202eb<\u0007`}</p>`.text).toBe('<p>ab&lt; </p>');
  });

  it('has no link in a mail', () => {
    expect(
      withoutLinks('Win at https://evil.example/x or www.evil.example, a@evil.example, J.R. Tolkien'),
    ).toBe('Win at https evil. example/x or www. evil. example, a evil. example, J. R. Tolkien');
  });
});

describe('a message of a vehicle', () => {
  it('is taken with its text cleaned and a clock that no date has brought into the range', () => {
    const result = { feature: 'heated_seats', outcome: 'rejected', version: 1, reason: `${hostile}no` };
    const message = { commandId: 'cmd_1', vin, results: [result], clock: Number.MAX_SAFE_INTEGER };
    const parsed = commandResultSchema.parse(message);
    expect([parsed.results[0]?.reason, parsed.clock]).toEqual(['[2J ]0;x no', 8_640_000_000_000_000]);
    const status = { vin, online: true, clock: Number.MIN_SAFE_INTEGER, firmware: '4\u202e.2' };
    expect(vehicleStatusSchema.parse(status)).toMatchObject({
      clock: -8_640_000_000_000_000,
      firmware: '4.2',
    });
  });

  it('with any clock can be shown: what no date has is shown as its number', () => {
    expect([isoText(0), isoText(Number.MAX_SAFE_INTEGER)]).toEqual([
      '1970-01-01T00:00:00.000Z',
      '9007199254740991',
    ]);
    expect(withShownTimes({ createdAt: Number.MAX_SAFE_INTEGER })).toEqual({ createdAt: '9007199254740991' });
  });
});

describe('the terminal', () => {
  it("gets hidden characters as escapes, and the command's own styles as they are", () => {
    const json = JSON.stringify({ reason: `\u009b2J\u202e\ud800` });
    expect(JSON.parse(escapedText(json))).toEqual(JSON.parse(json));
    expect(escapedText(`\u001b[31mred\u001b[0m\t\u001b]0;x\u0007\n\r\u001b[2K`)).toBe(
      '\u001b[31mred\u001b[0m\t\\u001b]0;x\\u0007\n\r\u001b[2K',
    );
  });

  it('is escaped at its stream for every command', () => {
    const written: unknown[] = [];
    const stream = { write: (chunk: unknown) => written.push(chunk) > 0 };
    guardTerminal(stream as unknown as NodeJS.WriteStream);
    stream.write(`a${hostile}b\n`);
    expect(written).toEqual(['a\\u001b[2J\\u001b]0;x\\u0007\\u202eb\n']);
  });
});
