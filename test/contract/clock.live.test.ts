import { wallClock } from '../../shared/live/clock.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { describeClock } from './clock.ts';

describeClock('the wall clock', () => ({
  clock: wallClock,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

describeClock("the tests' own clock", () => {
  const clock = manualClock();
  return { clock, pass: (ms) => clock.advance(ms) };
});
