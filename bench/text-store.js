/** A koa-session store in memory that keeps JSON text, as one behind a network would. */
export class TextStore {
  /** @type {Map<string, string>} */
  #texts = new Map();
  /** @type {Map<string, string>} */
  #kept = new Map();
  reads = 0;
  writes = 0;

  /** @param {string} key */
  async get(key) {
    this.reads++;
    const text = this.#texts.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /**
   * @param {string} key
   * @param {object} record
   */
  async set(key, record) {
    this.writes++;
    this.#texts.set(key, JSON.stringify(record));
  }

  /** @param {string} key */
  async destroy(key) {
    this.writes++;
    this.#texts.delete(key);
  }

  /** Makes what is stored now the state that `restore` goes back to. */
  keep() {
    this.#kept = new Map(this.#texts);
  }

  restore() {
    this.#texts = new Map(this.#kept);
  }
}
