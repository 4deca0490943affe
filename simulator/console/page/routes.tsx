import type { ComponentChildren } from 'preact';
import { type PageParameters, parametersOf } from './page-path.ts';
import { Activation } from './pages/activation.tsx';
import { Desk } from './pages/desk.tsx';
import { Faults } from './pages/faults.tsx';
import { Fleet } from './pages/fleet.tsx';
import { NotFound } from './pages/not-found.tsx';
import { Overview } from './pages/overview.tsx';
import { Purchase } from './pages/purchase.tsx';
import { Purchases } from './pages/purchases.tsx';
import { RunReportPage } from './pages/run-report.tsx';
import { Runs } from './pages/runs.tsx';
import { Ticket } from './pages/ticket.tsx';
import { Travel } from './pages/travel.tsx';
import { Vehicle } from './pages/vehicle.tsx';

/** A page of the console. */
export interface ConsolePage {
  /** `/activations/:id`: a segment with a colon is a parameter. */
  readonly path: string;
  /** Its name in the navigation; absent: only links of other pages lead to it. */
  readonly inNavigation?: string;
  readonly title: string;
  readonly show: (parameters: PageParameters) => ComponentChildren;
}

/** Every page, in the order of the navigation. */
export const pages: readonly ConsolePage[] = [
  { path: '/', inNavigation: 'Overview', title: 'Overview', show: () => <Overview /> },
  { path: '/fleet', inNavigation: 'Fleet', title: 'Fleet', show: () => <Fleet /> },
  { path: '/fleet/:vin', title: 'Vehicle', show: ({ vin = '' }) => <Vehicle vin={vin} /> },
  { path: '/faults', inNavigation: 'Faults', title: 'Faults', show: () => <Faults /> },
  { path: '/purchases', inNavigation: 'Purchases', title: 'Purchases', show: () => <Purchases /> },
  { path: '/purchases/:id', title: 'Purchase', show: ({ id = '' }) => <Purchase id={id} /> },
  { path: '/activations/:id', title: 'Activation', show: ({ id = '' }) => <Activation id={id} /> },
  { path: '/desk', inNavigation: 'Desk', title: 'Desk', show: () => <Desk /> },
  { path: '/desk/:id', title: 'Ticket', show: ({ id = '' }) => <Ticket id={id} /> },
  { path: '/runs', inNavigation: 'Runs', title: 'Runs', show: () => <Runs /> },
  { path: '/runs/:file', title: 'Report', show: ({ file = '' }) => <RunReportPage file={file} /> },
  {
    path: '/runs/:file/travel',
    title: 'Time travel',
    show: ({ file = '' }) => <Travel key={file} file={file} />,
  },
];

const notFound: ConsolePage = { path: '', title: 'Not found', show: () => <NotFound /> };

/** Returns the page of a path with the values of its parameters. */
export function pageAt(path: string): { readonly page: ConsolePage; readonly parameters: PageParameters } {
  for (const page of pages) {
    const parameters = parametersOf(page.path, path);
    if (parameters) return { page, parameters };
  }
  return { page: notFound, parameters: {} };
}
