import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * What `sealed()` must do at the least, written straight on: a nonce, the two blocks of which XAES-256-GCM makes its
 * key, AES-256-GCM, base64url. It has no rotation, no names, and looks at nothing that it is given. What depends on
 * the key alone is made once, here as there.
 *
 * @param {Buffer} key
 */
export function primitives(key) {
  const ecb = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const k1 = doubled(ecb.update(Buffer.alloc(16)));
  const header = Buffer.from([1, 2, 3, 4, 5]);
  const additionalData = Buffer.concat([header, Buffer.from('koa.sess')]);

  /** @param {Buffer} nonce */
  function derive(nonce) {
    const blocks = Buffer.alloc(32);
    blocks[1] = 1;
    blocks[17] = 2;
    blocks[2] = blocks[18] = 0x58;
    nonce.copy(blocks, 4, 0, 12);
    nonce.copy(blocks, 20, 0, 12);
    for (let i = 0; i < 32; i++) blocks[i] ^= k1[i % 16];
    return ecb.update(blocks);
  }

  return {
    /** @param {string} json */
    seal(json) {
      const nonce = randomBytes(24);
      const cipher = createCipheriv('aes-256-gcm', derive(nonce), nonce.subarray(12));
      cipher.setAAD(additionalData);
      const ciphertext = cipher.update(json, 'utf8');
      cipher.final();
      return Buffer.concat([header, nonce, ciphertext, cipher.getAuthTag()]).toString('base64url');
    },
    /** @param {string} text */
    open(text) {
      const bytes = Buffer.from(text, 'base64url');
      const nonce = bytes.subarray(5, 29);
      const decipher = createDecipheriv('aes-256-gcm', derive(nonce), nonce.subarray(12));
      decipher.setAAD(additionalData);
      decipher.setAuthTag(bytes.subarray(-16));
      const plaintext = decipher.update(bytes.subarray(29, -16));
      decipher.final();
      return plaintext.toString('utf8');
    },
  };
}

/** @param {Buffer} block */
function doubled(block) {
  const result = block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7));
  if (block[0] & 0x80) result[15] ^= 0x87;
  return result;
}
