/** Another process saved the row first: load again and decide again. */
export class StaleRow extends Error {
  override readonly name = 'StaleRow';
}
