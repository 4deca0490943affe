import { pathText } from './mistake.ts';

/** What a file could not tell before the seed had drawn: where it is in the scenario, what is wrong, and the cure. */
export class ImpossiblePlan extends Error {
  override readonly name = 'ImpossiblePlan';
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], text: string) {
    super(`${pathText(path)} ${text}`);
    this.path = path;
  }
}
