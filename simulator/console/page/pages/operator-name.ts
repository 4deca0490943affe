import { effect, signal } from '@preact/signals';

const key = 'fleetwake.technician';

/** Who works at the desk in this browser: the name that stands in histories. */
export const operatorName = signal(localStorage.getItem(key) ?? 'technician-1');

effect(() => localStorage.setItem(key, operatorName.value));
