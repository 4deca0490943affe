import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';

/** Stands in a query for the value of this name that each execution brings. */
class Placeholder {
  readonly name: PropertyKey;
  constructor(name: PropertyKey) {
    this.name = name;
  }
}

/** Puts one value into a query; not a list, and not the number of a limit. */
export type ValueOf<Values> = <Name extends keyof Values>(name: Name) => Values[Name];

/**
 * Returns a query that is built and compiled once for each dialect, and takes other values each time. For what runs at every commit,
 * request or message: building a query costs several times what SQLite needs to run it.
 */
export function preparedQuery<Schema, Values, Row>(
  build: (database: Kysely<Schema>, value: ValueOf<Values>) => Compilable<Row>,
): (database: Kysely<Schema>, values: Values) => Promise<QueryResult<Row>> {
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
