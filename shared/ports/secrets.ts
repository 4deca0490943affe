/** Secrets and digests. Synchronous, so that the virtual environment needs no thread pool. */
export interface Secrets {
  /** A new secret of 256 bits, base64url. */
  newToken(): string;
  /** SHA-256 of the UTF-8 text, lower-case hex. What is stored of a secret is this and nothing else. */
  digest(text: string): string;
  /** HMAC-SHA-256 (RFC 2104) of the UTF-8 text under the UTF-8 secret, lower-case hex. */
  sign(secret: string, text: string): string;
  /** Compares in constant time. */
  equal(left: string, right: string): boolean;
}
