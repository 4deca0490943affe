import {
  createDecipheriv,
  createECDH,
  createHash,
  createPublicKey,
  type ECDH,
  hkdfSync,
  verify,
} from 'node:crypto';
import type { WebPushCrypto, WebPushKeys } from '../ports/web-push-crypto.ts';

const curve = 'prime256v1';
/** RFC 8188 section 2.1: salt 16, record size 4, length of the key id 1. */
const headerBytes = 21;
const tagBytes = 16;

const bytesOf = (text: string) => Buffer.from(text, 'base64url');
const hkdf = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array | string, length: number) =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, length));

function keyPair(privateKey: Uint8Array): ECDH {
  const pair = createECDH(curve);
  pair.setPrivateKey(privateKey);
  return pair;
}

/** A private key is a number below the curve's order, which about one hash in four thousand million is not. */
function firstValidPair(seed: string): ECDH {
  for (let round = 0; ; round += 1) {
    try {
      return keyPair(createHash('sha256').update(`p256dh:${round}:${seed}`).digest());
    } catch (error) {
      if (round > 8) throw error;
    }
  }
}

function keysFrom(seed: string): WebPushKeys {
  const pair = firstValidPair(seed);
  const auth = createHash('sha256').update(`auth:${seed}`).digest().subarray(0, 16);
  return {
    p256dh: pair.getPublicKey('base64url'),
    privateKey: pair.getPrivateKey('base64url'),
    auth: auth.toString('base64url'),
  };
}

/** RFC 8291 section 3.4, then RFC 8188 section 2.2. */
function contentKeys(body: Buffer, senderKey: Buffer, keys: WebPushKeys) {
  const shared = keyPair(bytesOf(keys.privateKey)).computeSecret(senderKey);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), bytesOf(keys.p256dh), senderKey]);
  const material = hkdf(shared, bytesOf(keys.auth), info, 32);
  const salt = body.subarray(0, 16);
  return {
    key: hkdf(material, salt, 'Content-Encoding: aes128gcm\0', 16),
    nonce: hkdf(material, salt, 'Content-Encoding: nonce\0', 12),
  };
}

function decrypt(bytes: Uint8Array, keys: WebPushKeys): string {
  const body = Buffer.from(bytes);
  if (body.length < headerBytes) throw new Error('the body is shorter than its header');
  const keyEnd = headerBytes + body.readUInt8(20);
  if (body.length < keyEnd + tagBytes + 1) throw new Error('the body holds no record');
  const { key, nonce } = contentKeys(body, body.subarray(headerBytes, keyEnd), keys);
  const record = body.subarray(keyEnd);
  // A push is one record (RFC 8291 section 4), so its sequence number is 0 and the nonce stands as it is.
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(record.length - tagBytes));
  const padded = Buffer.concat([
    decipher.update(record.subarray(0, record.length - tagBytes)),
    decipher.final(),
  ]);
  const end = padded.lastIndexOf(2);
  if (end < 0) throw new Error('the record has no delimiter');
  return padded.subarray(0, end).toString();
}

function verifies(jwt: string, publicKey: string): boolean {
  const [header, claims, signature] = jwt.split('.');
  const point = bytesOf(publicKey);
  if (!header || !claims || !signature || point.length !== 65) return false;
  try {
    const key = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: point.subarray(1, 33).toString('base64url'),
        y: point.subarray(33).toString('base64url'),
      },
    });
    const signed = Buffer.from(`${header}.${claims}`);
    return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytesOf(signature));
  } catch {
    return false;
  }
}

/** Synchronous throughout: no thread pool. */
export const webPushCrypto: WebPushCrypto = { keysFrom, decrypt, verifies };
