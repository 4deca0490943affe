import type { Compilable, CompiledQuery, Insertable, Kysely, QueryResult } from 'kysely';

/** Stands in a query for the value of this name that each execution brings. */
class Placeholder {
  readonly name: PropertyKey;
  constructor(name: PropertyKey) {
    this.name = name;
  }
}

/** Puts one value into a query; not a list, and not the number of a limit: `preparedByCount` is for those. */
export type ValueOf<Values> = <Name extends keyof Values>(name: Name) => Values[Name];

type PreparedQuery<Schema, Values, Row> = (
  database: Kysely<Schema>,
  values: Values,
) => Promise<QueryResult<Row>>;

/**
 * Returns a query that is built and compiled once for each dialect, and takes other values each time. For what runs at every commit,
 * request or message: building a query costs several times what SQLite needs to run it.
 */
export function preparedQuery<Schema, Values, Row>(
  build: (database: Kysely<Schema>, value: ValueOf<Values>) => Compilable<Row>,
): PreparedQuery<Schema, Values, Row> {
  const compiled = new Map<unknown, CompiledQuery<Row>>();

  function compiledFor(database: Kysely<Schema>): CompiledQuery<Row> {
    const dialect = database.getExecutor().adapter.constructor;
    const known = compiled.get(dialect);
    if (known) return known;
    const query = build(database, (name) => new Placeholder(name) as never).compile();
    compiled.set(dialect, query);
    return query;
  }

  return (database, values) => {
    const query = compiledFor(database);
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[parameter.name as keyof Values] : parameter,
    );
    return database.executeQuery({ ...query, parameters });
  };
}

/** Queries kept of one family: those with a higher number are built anew each time. */
const keptMax = 1_000;

/** A family of prepared queries, which differ in the number of a limit or of the values in a list; each is built at its first use. */
export function preparedByCount<Schema, Values, Row>(
  build: (database: Kysely<Schema>, value: ValueOf<Values>, count: number) => Compilable<Row>,
): (count: number) => PreparedQuery<Schema, Values, Row> {
  const known = new Map<number, PreparedQuery<Schema, Values, Row>>();
  return (count) => {
    const kept = known.get(count);
    if (kept) return kept;
    const made = preparedQuery<Schema, Values, Row>((database, value) => build(database, value, count));
    if (count <= keptMax) known.set(count, made);
    return made;
  };
}

/** Returns an insert of rows into one table, prepared for each number of rows. Throws for a row that has other columns than the first one ever. */
export function preparedInsert<Schema, Table extends keyof Schema & string>(
  table: Table,
): (database: Kysely<Schema>, rows: readonly Insertable<Schema[Table]>[]) => Promise<void> {
  let columns: readonly string[] = [];
  const insert = preparedByCount((database: Kysely<Schema>, value: ValueOf<Cells>, count) =>
    database
      .insertInto(table)
      .values(
        Array.from({ length: count }, (_, row) =>
          Object.fromEntries(columns.map((column) => [column, value(`${row} ${column}`)])),
        ) as never,
      ),
  );
  return async (database, rows) => {
    const [first] = rows;
    if (first === undefined) return;
    if (columns.length === 0) columns = Object.keys(first);
    const cells: Cells = {};
    for (const [index, row] of rows.entries()) {
      if (Object.keys(row).length !== columns.length)
        throw new Error(
          `a row for ${table} has other columns than the first: ${Object.keys(row).join(', ')}`,
        );
      for (const column of columns)
        cells[`${index} ${column}`] = (row as Readonly<Record<string, unknown>>)[column];
    }
    await insert(rows.length)(database, cells);
  };
}

/** Values of all rows, each by the number of its row and its column. */
type Cells = Record<string, unknown>;
