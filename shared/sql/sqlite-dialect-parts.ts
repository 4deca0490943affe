import { type LimitNode, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, ValueNode } from 'kysely';

/**
 * Compiles `limit` with its number in the text. From 3.49 on SQLite plans a query by the bound value of its `limit ?`, and for that
 * prepares the statement anew whenever a value is bound: ten times what most queries cost.
 */
class LiteralLimitCompiler extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    const { limit } = node;
    if (!ValueNode.is(limit) || !Number.isSafeInteger(limit.value)) super.visitLimit(node);
    else this.append(`limit ${limit.value}`);
  }
}

/** What Kysely needs of every SQLite dialect here beside its driver. */
export const sqliteDialectParts = {
  createAdapter: () => new SqliteAdapter(),
  createQueryCompiler: () => new LiteralLimitCompiler(),
  createIntrospector: (database: ConstructorParameters<typeof SqliteIntrospector>[0]) =>
    new SqliteIntrospector(database),
};
