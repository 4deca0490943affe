import { escapedText } from '../../shared/protocol/plain-text.ts';

/**
 * From here on everything that the command prints goes out with hidden characters as escapes: what a vehicle, a payment
 * service or a customer wrote never moves the cursor, sets a title or turns a line around.
 */
export function guardTerminal(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const guarded = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? escapedText(chunk) : chunk, ...rest);
  stream.write = guarded as typeof stream.write;
}
