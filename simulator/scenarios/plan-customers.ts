import { pick, type Random } from '../../shared/ports/random.ts';
import type { Scenario } from './scenario.ts';

export interface PlannedCustomer {
  /** The caller chooses it: `customer-0001`. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly language: string;
  /** Has the app and takes push messages. */
  readonly push: boolean;
}

const firstNames = ['Ada', 'Bruno', 'Chiara', 'Davi', 'Edith', 'Farid', 'Greta', 'Hugo', 'Ines', 'Jonas'];
const lastNames = ['Alvarez', 'Bauer', 'Conti', 'Dubois', 'Eriksen', 'Ferreira', 'Garcia', 'Hansen'];

/** Names repeat, addresses do not: an address tells who a message was for. Its domain is reserved (RFC 2606). */
export function planCustomers(scenario: Scenario, random: Random): PlannedCustomer[] {
  const { count = scenario.vehicles.count, languages, pushShare } = scenario.customers;
  return Array.from({ length: count }, (_, index) => {
    const id = `customer-${String(index + 1).padStart(4, '0')}`;
    return {
      id,
      name: `${pick(random, firstNames)} ${pick(random, lastNames)}`,
      email: `${id}@example.com`,
      language: pick(random, languages),
      push: random.fraction() < pushShare,
    };
  });
}
