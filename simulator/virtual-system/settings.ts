/** Where the parts of a virtual system are reached (RFC 2606 names). */
export const origins = {
  platform: 'http://platform.example',
  apiIot: 'http://api-iot.example',
  payments: 'http://payments.example',
  tickets: 'http://tickets.example',
} as const;

/** Any instant serves: this one is 2027-01-15T08:00:00Z. */
export const virtualTimeBeginsAt = 1_800_000_000_000;

const callbacks = 'whsec_c2VjcmV0LW9mLXRoZS13b3JsZC1zZWNyZXQtMDE=';

/** What a live installation keeps secret; here it only has to be the same on both sides. */
export const testSecrets = {
  engine: 'engine-test-secret',
  developer: 'developer-test-secret',
  provisioner: 'provisioner-test-secret',
  monitor: 'monitor-test-secret',
  payments: 'sk_test_virtual',
  callbacks,
  link: 'link-test-password',
  ticketWebhook: callbacks,
  /** Of the platform API's clients, by role. */
  platform: {
    developer: 'developer-test-secret',
    shop: 'shop-test-secret',
    support: 'support-test-secret',
    operator: 'operator-test-secret',
    callbacks,
    paymentsWebhook: 'whsec_payments-test-secret',
    links: ['links-test-secret-of-32-characters'],
  },
} as const;
