import { describe, expect, it } from 'vitest';
import {
  changeOfText,
  changeText,
  noChange,
  type WhatIfChange,
} from '../../../simulator/console/page/pages/what-if-change.ts';

const faultText = (number: number) => `{"number":${number}}`;

describe('the change of "What if" in an address', () => {
  it.each<WhatIfChange>([
    { edits: new Map(), added: '{"type":"down"}' },
    {
      edits: new Map([
        [0, { isRemoved: true, text: faultText(0) }],
        [3, { isRemoved: false, text: '{"type":"cut"}' }],
      ]),
      added: '',
    },
  ])('is the same when it is read again: %j', (change) => {
    expect(changeOfText(changeText(change), faultText)).toEqual(change);
  });

  it('has no text where nothing was changed, or where it is too long', () => {
    expect(changeText(noChange)).toBeNull();
    expect(changeText({ edits: new Map(), added: 'x'.repeat(6_000) })).toBeNull();
  });

  it.each([null, '', '{', '7', 'null', '{"edit":{"a":1},"add":{}}', '{"edit":[1,["x",null],[0,5]]}'])(
    'returns no change for %j',
    (text) => {
      expect(changeOfText(text, faultText)).toEqual(noChange);
    },
  );
});
