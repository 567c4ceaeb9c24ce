import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;

/**
 * XAES-256-GCM (C2SP, `XAES-256-GCM.md`): AES-256-GCM under a key that is derived for each 192-bit nonce, so that
 * random nonces are safe at any volume.
 */
export class Xaes {
  /** Encrypts single blocks under the key. It keeps no state between blocks, so one object serves forever. */
  readonly #blocks: { update(block: Buffer): Buffer };
  /** The two blocks that a nonce's key is derived from, without the nonce. */
  readonly #template: Buffer;

  constructor(key: KeyObject) {
    this.#blocks = createCipheriv('aes-256-ecb', key, null);
    const k1 = doubled(this.#blocks.update(Buffer.alloc(BLOCK_BYTES)));
    this.#template = Buffer.concat([1, 2].map(counter => xored(k1, Buffer.of(0, counter, 0x58, 0))));
  }

  static fromBytes(key: Uint8Array): Xaes {
    return new Xaes(createSecretKey(key));
  }

  /** The ciphertext and the tag: two pieces, so that whoever prepends something copies them only once. */
  seal(nonce: Buffer, plaintext: string | Uint8Array, additionalData: Uint8Array): [Buffer, Buffer] {
    const cipher = createCipheriv('aes-256-gcm', this.#deriveKey(nonce), nonce.subarray(12));
    cipher.setAAD(additionalData);
    const ciphertext = cipher.update(plaintext);
    // GCM buffers nothing.
    cipher.final();
    return [ciphertext, cipher.getAuthTag()];
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
    const blocks = Buffer.from(this.#template);
    for (let i = 0; i < 12; i++) {
      const byte = nonce[i] as number;
      (blocks[4 + i] as number) ^= byte;
      (blocks[BLOCK_BYTES + 4 + i] as number) ^= byte;
    }
    return this.#blocks.update(blocks);
  }
}

/** A block, with the bytes at its beginning XORed with these. */
function xored(block: Buffer, bytes: Buffer): Buffer {
  return Buffer.from(block.map((byte, i) => byte ^ (bytes[i] ?? 0)));
}

/** Doubling in GF(2^128), as CMAC does it (NIST SP 800-38B): shift left by one, and XOR 0x87 if a bit fell out. */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(BLOCK_BYTES);
  for (let i = 0; i < BLOCK_BYTES; i++) {
    result[i] = (((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7)) & 0xff;
  }
  if ((block[0] as number) & 0x80) result[15] = (result[15] as number) ^ 0x87;
  return result;
}
