// A small engine of one's own: POST /orders takes a payment and switches a feature on.
// PAYMENT_RETRY=new-key pays twice on purpose where the answer of the payment service is lost.
import { createServer } from 'node:http';

const { API_IOT_URL, API_IOT_CLIENT_ID, API_IOT_CLIENT_SECRET, PAYMENTS_URL, PAYMENTS_KEY } = process.env;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends until an answer comes that another try would not change. `keyOf` gives the Idempotency-Key of each try. */
async function send(url, headers, body, keyOf) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const init = { method: 'POST', headers: { ...headers, 'idempotency-key': keyOf(attempt) }, body };
      const response = await fetch(url, init);
      if (response.status < 500 && response.status !== 429) return response;
    } catch {
      // No answer: the service may have acted.
    }
    await pause(200);
  }
}

function pay(order, path, fields, step) {
  const isNewKey = process.env.PAYMENT_RETRY === 'new-key';
  const keyOf = (attempt) => `${order}-${step}${isNewKey ? `-${attempt}` : ''}`;
  const headers = { authorization: `Bearer ${PAYMENTS_KEY}` };
  return send(`${PAYMENTS_URL}${path}`, headers, new URLSearchParams(fields), keyOf);
}

async function token() {
  const authorization = `Basic ${btoa(`${API_IOT_CLIENT_ID}:${API_IOT_CLIENT_SECRET}`)}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  const response = await send(`${API_IOT_URL}/oauth/token`, { authorization }, body, () => 'token');
  return (await response.json()).access_token;
}

async function activate({ order, vin, feature }) {
  const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ reference: order, features: [{ feature, target: 'active' }] });
  const sent = await send(`${API_IOT_URL}/vehicle/${vin}/configure`, headers, body, () => `${order}:1`);
  if (sent.status >= 300) return 'rejected';
  const { id } = await sent.json();
  for (;;) {
    const seen = await fetch(`${API_IOT_URL}/vehicle/${vin}/history/${id}`, { headers }).catch(() => null);
    const command = seen?.ok ? await seen.json() : { endedAt: null };
    if (command.endedAt !== null) return command.state;
    await pause(200);
  }
}

async function sell({ order, vin, feature, card }) {
  const fields = { amount: '1490', currency: 'eur', payment_method: card, confirm: 'true', 'metadata[order]': order };
  const payment = await pay(order, '/v1/payment_intents', fields, 'pay');
  if (payment.status !== 200) return;
  const { id } = await payment.json();
  const state = await activate({ order, vin, feature });
  if (state !== 'applied') await pay(order, '/v1/refunds', { payment_intent: id }, 'refund');
}

createServer(async (request, response) => {
  const chunks = await request.toArray();
  const order = JSON.parse(Buffer.concat(chunks).toString());
  response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ id: order.order }));
  sell(order).catch((error) => process.stderr.write(`${order.order}: ${error}\n`));
}).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => process.stdout.write('engine listens\n'));
