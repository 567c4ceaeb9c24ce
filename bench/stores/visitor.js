import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * One connection that is kept, one cookie, one request at a time. It reads no more of a response than it must, so
 * that it costs little beside what is measured.
 */
export class Visitor {
  #socket;
  /** @type {Map<string, Buffer>} */
  #requests = new Map();
  #text = '';
  /** @type {{ resolve(head: string): void, reject(error: Error): void } | undefined} */
  #waiting;
  #cookie = '';

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', chunk => this.#take(String(chunk)));
    socket.on('error', error => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
  }

  /** @param {number} port */
  static async arrive(port) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Visitor(socket);
  }

  /** The Cookie header. */
  get cookie() {
    return this.#cookie;
  }

  set cookie(cookie) {
    this.#cookie = cookie;
    this.#requests.clear();
  }

  /**
   * @param {string} path
   * @returns {Promise<string>} the head of the response, which has the status 200
   */
  get(path) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(this.#requestOf(path));
    });
  }

  /** Gets a session, and keeps its cookie. */
  async signIn() {
    const head = await this.get('/sign-in');
    this.cookie = Array.from(head.matchAll(/^set-cookie: ([^;\r]*)/gim), ([, pair]) => pair).join('; ');
    if (this.cookie === '') throw new Error('signed in without a cookie');
  }

  leave() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  /** @param {string} path */
  #requestOf(path) {
    const cookie = this.#cookie && `Cookie: ${this.#cookie}\r\n`;
    const request =
      this.#requests.get(path) ?? Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${cookie}\r\n`);
    this.#requests.set(path, request);
    return request;
  }

  /** @param {string} chunk */
  #take(chunk) {
    this.#text += chunk;
    const end = this.#text.indexOf('\r\n\r\n') + 4;
    if (end < 4) return;
    const head = this.#text.slice(0, end);
    const [, length] = /content-length: (\d+)/i.exec(head) ?? [];
    if (length === undefined) throw new Error(`a response without a length: ${head}`);
    if (this.#text.length < end + Number(length)) return;
    const response = this.#text;
    this.#text = '';
    if (head.startsWith('HTTP/1.1 200 ')) this.#waiting?.resolve(head);
    else this.#waiting?.reject(new Error(`not the response that was expected: ${response}`));
  }
}
