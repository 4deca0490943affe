import { describe, expect, it } from 'vitest';
import { virtualTokens } from '../../shared/virtual/tokens.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { describeTokens, issuer } from './tokens.ts';

describeTokens('virtual', async (clock, key) => virtualTokens({ clock, issuer, key }));

describe('tokens: virtual alone', () => {
  it('publishes no key, since the one it has is shared', async () => {
    const tokens = virtualTokens({ clock: manualClock(), issuer, key: 'own' });
    expect(await tokens.publicKeys()).toEqual({ keys: [] });
  });
});
