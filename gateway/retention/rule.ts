import type { AgeName } from './ages.ts';

/** Which rows of a table may be removed, and when. Texts of SQL name columns by their table where a name could mean two. */
export interface PruneRule {
  readonly table: string;
  /** `expired`: rows that name the instant of their own end. */
  readonly age: AgeName | 'expired';
  /** Columns of the order in which the table is walked: its primary key, or an index. */
  readonly key: readonly string[];
  /** A column whose instants rise with the key, so that a walk ends at the first row that is too young; absent: there is none. */
  readonly inOrderOf?: string;
  /** The instant from which the age counts; null: the row cannot be removed yet. */
  readonly since: string;
  /** What must hold, in SQL; absent: the age alone counts. */
  readonly when?: string;
  /** The same in words, for the documentation. */
  readonly condition: string;
  /** Rows of the table are protected: a row of `pruning` of the table's name lets those before its instant be removed. */
  readonly isGuarded?: boolean;
}
