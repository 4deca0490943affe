// A small engine of one's own: POST /orders takes a payment and switches a feature on.
// PAYMENT_RETRY=new-key pays twice on purpose where the answer of the payment service is lost.

/** `fetch` and `setTimeout` are Node's own, or those of a run in virtual time. */
export function ownEngine(parts) {
  const sell = seller(parts);
  return async (request) => {
    const order = await request.json();
    sell(order).catch((error) => console.error(`${order.order}: ${error}`));
    return Response.json({ id: order.order }, { status: 202 });
  };
}

/** Returns the function `sell`, which takes an order through all its steps, each inside `once`. */
export function seller({ fetch, setTimeout, settings }) {
  const { API_IOT_URL, API_IOT_CLIENT_ID, API_IOT_CLIENT_SECRET, PAYMENTS_URL, PAYMENTS_KEY } = settings;
  const pause = (tries) => new Promise((resolve) => setTimeout(resolve, Math.min(60_000, 100 * 2 ** tries)));

  /** Sends until an answer comes that another try would not change. `initOf` makes the request of each try. */
  async function send(url, initOf) {
    for (let tries = 1; ; tries += 1) {
      try {
        const response = await fetch(url, await initOf(tries));
        const { status, headers } = response;
        const isPassing = status >= 500 || status === 401 || (status >= 400 && headers.has('retry-after'));
        if (!isPassing) return { status, answer: await response.json() };
      } catch {
        // No answer: the service may have acted.
      }
      await pause(tries);
    }
  }

  function pay(order, path, fields, step) {
    const keyOf = (tries) => `${order}-${step}${settings.PAYMENT_RETRY === 'new-key' ? `-${tries}` : ''}`;
    const authorization = `Bearer ${PAYMENTS_KEY}`;
    return send(PAYMENTS_URL + path, (tries) => ({
      ...{ method: 'POST', headers: { authorization, 'idempotency-key': keyOf(tries) } },
      body: new URLSearchParams(fields),
    }));
  }

  async function apiIotHeaders() {
    const authorization = `Basic ${btoa(`${API_IOT_CLIENT_ID}:${API_IOT_CLIENT_SECRET}`)}`;
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const response = await fetch(`${API_IOT_URL}/oauth/token`, { method: 'POST', headers: { authorization }, body });
    return { authorization: `Bearer ${(await response.json()).access_token}`, 'content-type': 'application/json' };
  }

  /** Resolves with how the command ended. */
  async function configure({ order, vin, feature }, target, attempt) {
    const key = { 'idempotency-key': `${order}:${target}:${attempt}` };
    const body = JSON.stringify({ reference: order, features: [{ feature, target }] });
    const command = async () => ({ method: 'POST', headers: { ...(await apiIotHeaders()), ...key }, body });
    const sent = await send(`${API_IOT_URL}/vehicle/${vin}/configure`, command);
    if (sent.status >= 300) return 'rejected';
    const url = `${API_IOT_URL}/vehicle/${vin}/history/${sent.answer.id}`;
    for (let looks = 1; ; looks += 1) {
      await pause(looks);
      const { answer } = await send(url, async () => ({ headers: await apiIotHeaders() }));
      if (answer.endedAt !== null) return answer.state;
    }
  }

  return async function sell({ order, card, ...rest }, once = (_, step) => step()) {
    const price = { amount: '1490', currency: 'eur', payment_method: card, confirm: 'true', 'metadata[order]': order };
    const payment = await once('pay', () => pay(order, '/v1/payment_intents', price, 'pay'));
    if (payment.status !== 200) return;
    if ((await once('activate', () => configure({ order, ...rest }, 'active', 1))) === 'applied') return;
    await once('refund', () => pay(order, '/v1/refunds', { payment_intent: payment.answer.id }, 'refund'));
    // The vehicle may have applied it all the same: the engine sends the deactivation until the vehicle applies or rejects it.
    for (let attempt = 1, state; !['applied', 'rejected'].includes(state); attempt += 1)
      state = await once(`switch off ${attempt}`, () => configure({ order, ...rest }, 'dormant', attempt));
  };
}
