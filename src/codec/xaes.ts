import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/**
 * XAES-256-GCM (C2SP, `XAES-256-GCM.md`): AES-256-GCM under a key that is derived for each 192-bit nonce, so that
 * random nonces are safe at any volume.
 */
export class Xaes {
  /** Encrypts single blocks under the key. Block after block it keeps no state, so one object serves for ever. */
  readonly #blocks: { update(block: Buffer): Buffer };
  readonly #k1: Buffer;

  constructor(key: KeyObject) {
    this.#blocks = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    this.#k1 = doubled(this.#blocks.update(Buffer.alloc(16)));
  }

  static fromBytes(key: Uint8Array): Xaes {
    return new Xaes(createSecretKey(key));
  }

  /** The ciphertext, and the tag behind it. */
  seal(nonce: Buffer, plaintext: string | Uint8Array, additionalData: Uint8Array): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#deriveKey(nonce), nonce.subarray(12));
    cipher.setAAD(additionalData);
    const start = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
    const end = cipher.final();
    return Buffer.concat([start, end, cipher.getAuthTag()]);
  }

  /** The plaintext; undefined for anything that this key did not seal with this nonce and these additional data. */
  open(nonce: Buffer, sealed: Buffer, additionalData: Uint8Array): Buffer | undefined {
    if (sealed.length < TAG_BYTES) return undefined;
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', this.#deriveKey(nonce), nonce.subarray(12), options);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const plaintext = decipher.update(sealed.subarray(0, -TAG_BYTES));
    try {
      decipher.final();
      return plaintext;
    } catch {
      return undefined;
    }
  }

  /** NIST SP 800-108r1 in counter mode with CMAC, which for two short blocks comes down to this. */
  #deriveKey(nonce: Buffer): Buffer {
    const blocks = Buffer.alloc(KEY_BYTES);
    for (const [counter, start] of [
      [1, 0],
      [2, 16],
    ] as const) {
      blocks.set([0, counter, 0x58, 0], start);
      nonce.copy(blocks, start + 4, 0, 12);
      for (let i = 0; i < 16; i++)
        blocks[start + i] = (blocks[start + i] as number) ^ (this.#k1[i] as number);
    }
    return this.#blocks.update(blocks);
  }
}

/** Doubling in GF(2^128), as CMAC does it (NIST SP 800-38B): one to the left, and 0x87 where a bit fell out. */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(16);
  for (let i = 0; i < 16; i++) {
    result[i] = (((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7)) & 0xff;
  }
  if ((block[0] as number) & 0x80) result[15] = (result[15] as number) ^ 0x87;
  return result;
}
