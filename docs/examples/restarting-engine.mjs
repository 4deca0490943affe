// The engine of own-engine.mjs with a storage, so that it resumes unfinished orders after its process was killed.
// RESTART=forgets does not resume it, RESTART=pays-again makes new keys at each start: both on purpose.
import { seller } from './own-engine.mjs';

/** `storage` is a Map here, and a table in a database elsewhere: orders by their name, with the result of each finished step. */
export function restartingEngine({ storage: orders, ...parts }) {
  const { RESTART } = parts.settings;
  const sell = seller(RESTART === 'pays-again' ? withKeysOfThisStart(parts) : parts);

  function work(record) {
    const once = async (name, step) => {
      if (!(name in record.results)) record.results[name] = await step();
      return record.results[name];
    };
    sell(record.order, once).then(() => {
      record.hasEnded = true;
    });
  }

  if (RESTART !== 'forgets') for (const record of orders.values()) if (!record.hasEnded) work(record);
  return async (request) => {
    const order = await request.json();
    if (!orders.has(order.order)) {
      const record = { order, results: {}, hasEnded: false };
      orders.set(order.order, record);
      work(record);
    }
    return Response.json({ id: order.order }, { status: 202 });
  };
}

/** Adds a random part, drawn at each start, to every payment key: an engine that keeps its keys in memory does the same. */
function withKeysOfThisStart({ fetch, random, ...parts }) {
  const start = random();
  const withKey = (headers) => ({ ...headers, 'idempotency-key': `${headers['idempotency-key']}-${start}` });
  const isPayment = (url) => String(url).startsWith(parts.settings.PAYMENTS_URL);
  return {
    ...parts,
    fetch: (url, init) => fetch(url, isPayment(url) ? { ...init, headers: withKey(init.headers) } : init),
  };
}
