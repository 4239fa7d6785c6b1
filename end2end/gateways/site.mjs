// What stands behind a gateway: Latchkey where the configurations expect it, and an API that says what it was told.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Latchkey } from '../support/latchkey.js';

const PASSWORD = 'correct horse battery';
/** Trusted like a proxy, so that a client there is one that no gateway can name. */
export const TRUSTED = '192.0.2.99';

export async function startLatchkey() {
  const trusted = ['127.0.0.1', TRUSTED].flatMap((address) => ['--trusted-proxy', address]);
  return Latchkey.start({ listen: '127.0.0.1:3000', more: trusted });
}

/** Answers every question of a gateway with 503, as Latchkey does when its store is in trouble. */
export async function startTroubled() {
  return listen(3000, (request, response) => {
    const headers = { 'retry-after': '1', 'x-latchkey-code': 'UNAVAILABLE', 'x-latchkey-status': '503' };
    response.writeHead(503, headers).end();
  });
}

/** Says yes to the first question on each connection, and ends the connection under the second. */
export async function startForgetful() {
  return listen(3000, (request, response) => {
    if (request.socket.asked) return request.socket.destroy();
    request.socket.asked = true;
    const identity = { 'x-latchkey-key-id': 'id', 'x-latchkey-username': 'demouser', 'x-latchkey-key-type': 'cloud' };
    response.writeHead(200, identity).end();
  });
}

// What a server proves that it speaks the protocol with (RFC 6455, section 4.2.2).
const ACCEPT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The API: `calls` holds the request lines and header lines of all that reached it. */
export class Api {
  calls = [];
  sockets = new Set();

  static async start() {
    const api = new Api();
    api.server = await listen(8080, async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      api.calls.push({ method: request.method, url: request.url, lines: headerLines(request), body });
      response.end('from the API');
    });
    // Whatever it is asked to become, it becomes, and says again what it is told.
    api.server.on('upgrade', (request, socket) => {
      const { upgrade } = request.headers;
      api.calls.push({ method: request.method, url: request.url, lines: headerLines(request), upgrade });
      const proof = createHash('sha1').update(request.headers['sec-websocket-key'] + ACCEPT).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', `Upgrade: ${upgrade}`, 'Connection: Upgrade', `Sec-WebSocket-Accept: ${proof}`];
      socket.write([...head, '', ''].join('\r\n'));
      socket.on('error', () => {}).on('data', (data) => socket.end(`echo: ${data}`));
      api.sockets.add(socket.on('close', () => api.sockets.delete(socket)));
    });
    return api;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await close(this.server);
  }
}

function headerLines(request) {
  const lines = [];
  for (let n = 0; n < request.rawHeaders.length; n += 2) {
    lines.push([request.rawHeaders[n].toLowerCase(), request.rawHeaders[n + 1]]);
  }
  return lines;
}

/** A customer, by the pages' own functions. */
export class Customer {
  constructor(latchkey, name) {
    this.latchkey = latchkey;
    this.name = name;
  }

  static async add(latchkey, name, owner) {
    await latchkey.addUser(name, PASSWORD, owner);
    const customer = new Customer(latchkey, name);
    const answer = await customer.post('/login', { username: name, password: PASSWORD });
    customer.cookie = answer.headers.get('set-cookie').split(';')[0];
    return customer;
  }

  async generate(type) {
    const answer = await this.post('/portal/generate_key', { description: 'gateway', key_type: type });
    return { ...(await answer.json()), key_type: type };
  }

  /** A key with which programs may manage keys. */
  async generateManaging() {
    const fields = { description: 'program', key_type: 'cloud', manages_keys: 'true', password: PASSWORD };
    const answer = await this.post('/portal/generate_key', fields);
    // A password that is proved gives the session another token.
    this.cookie = answer.headers.get('set-cookie').split(';')[0];
    return answer.json();
  }

  async delete(key) {
    await this.post('/portal/delete_key', { id: key.id });
  }

  /** Gives a key another token; the one before is refused at once. */
  async rotate(key) {
    const answer = await this.post('/portal/rotate_key', { id: key.id, overlap_seconds: 0 });
    return { ...key, token: (await answer.json()).token };
  }

  /** Lets a key expire in a moment; answers when. */
  async expire(key) {
    const end = Math.ceil(Date.now() / 1000) * 1000 + 1000;
    const expires_at = new Date(end).toISOString().slice(0, 19);
    await this.post('/portal/set_key_expiry', { id: key.id, expires_at });
    return end;
  }

  /** How often a key was used, and from where first. */
  async uses(key) {
    const answer = await fetch(`${this.latchkey.url}/portal/find_key?id=${key.id}`, { headers: { cookie: this.cookie } });
    const { row } = (await answer.json()).key;
    return [row.times_used, row.locked_ip];
  }

  async post(path, fields) {
    const headers = { 'sec-fetch-site': 'same-origin', cookie: this.cookie ?? '' };
    const body = new URLSearchParams(fields);
    const answer = await fetch(this.latchkey.url + path, { method: 'POST', headers, body, redirect: 'manual' });
    if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

export async function close(server) {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

async function listen(port, answer) {
  const server = createServer(answer);
  server.maxHeadersCount = 0; // as many as come
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
