import { pathText } from '../../shared/files/mistake.ts';

/** Error that shows only after the seed has drawn: its place in the scenario, what is wrong, and the fix. */
export class ImpossiblePlan extends Error {
  override readonly name = 'ImpossiblePlan';
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], text: string) {
    super(`${pathText(path)} ${text}`);
    this.path = path;
  }
}
