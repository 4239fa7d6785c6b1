// What stands behind a gateway: Latchkey where the configurations expect it, and an API that says what it was told.
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

/** The API: `calls` holds the request lines and header lines of all that reached it. */
export class Api {
  calls = [];

  static async start() {
    const api = new Api();
    api.server = await listen(8080, async (request, response) => {
      const lines = [];
      for (let n = 0; n < request.rawHeaders.length; n += 2) {
        lines.push([request.rawHeaders[n].toLowerCase(), request.rawHeaders[n + 1]]);
      }
      let body = '';
      for await (const part of request) body += part;
      api.calls.push({ method: request.method, url: request.url, lines, body });
      response.end('from the API');
    });
    return api;
  }

  async stop() {
    await close(this.server);
  }
}

/** A customer, by the pages' own functions. */
export class Customer {
  constructor(latchkey, name) {
    this.latchkey = latchkey;
    this.name = name;
  }

  static async add(latchkey, name) {
    await latchkey.addUser(name, PASSWORD);
    const customer = new Customer(latchkey, name);
    const answer = await customer.post('/login', { username: name, password: PASSWORD });
    customer.cookie = answer.headers.get('set-cookie').split(';')[0];
    return customer;
  }

  async generate(type) {
    const answer = await this.post('/portal/generate_key', { description: 'gateway', key_type: type });
    return { ...(await answer.json()), key_type: type };
  }

  async delete(key) {
    await this.post('/portal/delete_key', { id: key.id });
  }

  /** How often a key was used, and from where first. */
  async uses(key) {
    const answer = await fetch(`${this.latchkey.url}/portal/find_key?id=${key.id}`, { headers: { cookie: this.cookie } });
    const { row } = await answer.json();
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
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
