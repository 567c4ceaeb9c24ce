import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** Takes what a response writes and keeps none of it. */
class Sink extends Duplex {
  /** @override */
  _read() {}

  /**
   * @override
   * @param {unknown} _chunk
   * @param {BufferEncoding} _encoding
   * @param {() => void} done
   */
  _write(_chunk, _encoding, done) {
    done();
  }
}

/**
 * Sends requests to an app within the process: Node's own request and response objects over a socket that
 * is none, so that the network's cost and its noise do not drown what is compared.
 *
 * @param {import('koa')} app
 * @param {string} [cookie] the Cookie header
 * @returns {() => Promise<ServerResponse>} sends one request; resolves when its response has been written
 */
export function requester(app, cookie) {
  const handle = app.callback();
  const socket = /** @type {import('node:net').Socket} */ (/** @type {unknown} */ (new Sink()));
  return () =>
    new Promise(resolve => {
      const req = incoming(socket, cookie);
      const res = new ServerResponse(req);
      res.assignSocket(socket);
      res.on('finish', () => {
        res.detachSocket(socket);
        resolve(res);
      });
      handle(req, res);
    });
}

/**
 * @param {import('node:net').Socket} socket
 * @param {string} [cookie]
 */
function incoming(socket, cookie) {
  const req = new IncomingMessage(socket);
  req.method = 'GET';
  req.url = '/';
  req.httpVersion = '1.1';
  req.httpVersionMajor = req.httpVersionMinor = 1;
  req.headers = { host: 'localhost', accept: '*/*' };
  if (cookie) req.headers.cookie = cookie;
  return req;
}

/**
 * The Cookie header with which a browser would answer a response.
 *
 * @param {ServerResponse} res
 */
export function cookieOf(res) {
  const lines = /** @type {string[]} */ ([res.getHeader('set-cookie') ?? []].flat());
  return lines.map(line => line.slice(0, line.indexOf(';'))).join('; ');
}
