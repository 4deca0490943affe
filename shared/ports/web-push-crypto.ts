/** The receiving side of Web Push encryption (RFC 8291), as a browser does it. Keys and secrets are base64url. */
export interface WebPushCrypto {
  /** A subscription's keys. The same seed makes the same keys. */
  keysFrom(seed: string): WebPushKeys;
  /** The text of an aes128gcm body. Throws when it was not made for these keys. */
  decrypt(body: Uint8Array, keys: WebPushKeys): string;
  /** Whether the ES256 JWT was signed by the owner of this public key. */
  verifies(jwt: string, publicKey: string): boolean;
}

export interface WebPushKeys {
  /** Uncompressed P-256 point, 65 bytes. */
  readonly p256dh: string;
  readonly privateKey: string;
  /** 16 bytes. */
  readonly auth: string;
}
