import { randomUUID } from 'node:crypto';
import { COST, hashPassword, isPassword } from './password-hash.js';

/** @import { SqliteDatabase } from 'sojourn/sqlite' */

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} name  As the person wrote it at sign-up, but for case.
 * @property {string} password  Hashed.
 * @property {number} oneDevice  1 if the account is to be signed in on one device at a time, else 0.
 */

const TABLE = `CREATE TABLE IF NOT EXISTS accounts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  password TEXT NOT NULL,
  one_device INTEGER NOT NULL DEFAULT 0
)`;
const SELECT = 'SELECT id, name, password, one_device AS "oneDevice" FROM accounts';

/** The accounts, in a SQLite database. */
export class Accounts {
  #database;
  #cost;
  /** Checked for a name that nobody has, so that its refusal takes as long as any other. */
  #nobodysPassword;

  /**
   * @param {SqliteDatabase} database
   * @param {object} [options]
   * @param {typeof COST} [options.cost]  Of a hash. Tests make cheap ones.
   */
  constructor(database, { cost = COST } = {}) {
    this.#database = database;
    this.#cost = cost;
    this.#nobodysPassword = hashPassword(randomUUID(), cost);
    // Readers and a writer of several processes do not wait for each other; two writers do, for up to 5 s.
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA busy_timeout = 5000');
    database.exec(TABLE);
  }

  /**
   * A new account; undefined where the name is taken. Hashing comes first, so that both take as long.
   *
   * @param {string} name
   * @param {string} password
   */
  async create(name, password) {
    const [id, hashed] = [randomUUID(), await hashPassword(password, this.#cost)];
    const insert = this.#database.prepare(
      'INSERT INTO accounts (id, name, password) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    return Number(insert.run(id, name, hashed).changes) === 1 ? this.find(id) : undefined;
  }

  /** @param {string} id */
  find(id) {
    return /** @type {Account | undefined} */ (this.#database.prepare(`${SELECT} WHERE id = ?`).all(id)[0]);
  }

  /**
   * The account of this name, if this is its password. How long the answer takes does not tell which one was wrong.
   *
   * @param {string} name
   * @param {string} password
   */
  async authenticate(name, password) {
    const found = /** @type {Account | undefined} */ (
      this.#database.prepare(`${SELECT} WHERE name = ?`).all(name)[0]
    );
    const isRight = await isPassword(password, found?.password ?? (await this.#nobodysPassword));
    return isRight ? found : undefined;
  }

  /**
   * @param {string} id
   * @param {string} password
   */
  async changePassword(id, password) {
    const hashed = await hashPassword(password, this.#cost);
    this.#database.prepare('UPDATE accounts SET password = ? WHERE id = ?').run(hashed, id);
  }

  /**
   * @param {string} id
   * @param {boolean} isOn
   */
  setOneDevice(id, isOn) {
    this.#database.prepare('UPDATE accounts SET one_device = ? WHERE id = ?').run(isOn ? 1 : 0, id);
  }
}
