import type { MarkKind } from '../map/draw-map.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';

/** What the colours of vehicles say. */
export const colourings = ['reachability', 'configuration', 'activation', 'fault'] as const;
export type Colouring = (typeof colourings)[number];

/** A colour of the legend. */
export interface Kind extends MarkKind {
  readonly label: string;
}

interface Legend {
  readonly label: string;
  readonly kinds: readonly Kind[];
  /** Returns the place of a vehicle's kind. The ones that ask for attention come last, so that they are drawn above the others. */
  kindOf(vehicle: FleetVehicle): number;
}

export const legends: Readonly<Record<Colouring, Legend>> = {
  reachability: {
    label: 'Reachability',
    kinds: [
      { label: 'never connected', shape: 'diamond', tone: 'plain' },
      { label: 'online', shape: 'circle', tone: 'good' },
      { label: 'offline', shape: 'triangle', tone: 'bad' },
    ],
    kindOf: ({ connected, isKnown }) => (connected ? 1 : isKnown ? 2 : 0),
  },
  configuration: {
    label: 'Desired and reported',
    kinds: [
      { label: 'as desired', shape: 'circle', tone: 'good' },
      { label: 'differs', shape: 'triangle', tone: 'unsure' },
    ],
    kindOf: ({ differs }) => (differs ? 1 : 0),
  },
  activation: {
    label: 'Open activations',
    kinds: [
      { label: 'none open', shape: 'circle', tone: 'plain' },
      { label: 'open', shape: 'diamond', tone: 'unsure' },
    ],
    kindOf: ({ isOpen }) => (isOpen ? 1 : 0),
  },
  fault: {
    label: 'Faults',
    kinds: [
      { label: 'no fault', shape: 'circle', tone: 'plain' },
      { label: 'fault', shape: 'triangle', tone: 'bad' },
    ],
    kindOf: ({ faults }) => (faults > 0 ? 1 : 0),
  },
};
