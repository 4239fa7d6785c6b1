import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { adopt } from './children.js';

// The configuration that docs/gateways.md tells operators to use; the addresses in it are replaced.
const DOCUMENTED = new URL('../../docs/gateways/nginx.conf', import.meta.url);

/** What curl got. */
export type Answer = { status: number; code: string | undefined; headers: Map<string, string>; body: string };

/** A real nginx on a free port, asking Latchkey before it lets anything through to a small API. */
export class Gateway {
  private constructor(
    private readonly api: Server,
    private readonly nginx: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Starts one; `change` is made to the documented file. */
  static async start(latchkeyUrl: string, change = (text: string) => text) {
    const api = await startApi();
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-nginx-'));
    try {
      await chmod(folder, 0o755); // the workers run as another user
      // nginx cannot choose a port itself; between finding one and using it, it may be lost to somebody else.
      for (let tries = 0; tries < 5; tries++) {
        const port = await freePort();
        await writeFile(join(folder, 'nginx.conf'), change(await configuration(port, latchkeyUrl, addressOf(api))));
        const nginx = await startNginx(folder);
        if (nginx) return new Gateway(api, nginx, folder, port);
      }
      throw new Error('nginx found no port to listen on');
    } catch (error) {
      api.close();
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  /** Where it listens. */
  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** One request from `from`, with these header lines, by curl. */
  async get(from: string, ...lines: string[]): Promise<Answer> {
    const headers = lines.flatMap((line) => ['--header', line]);
    const args = ['--silent', '--show-error', '--include', '--max-time', '10', '--interface', from];
    const { stdout } = await promisify(execFile)('curl', [...args, ...headers, this.url]);
    const [head, ...rest] = stdout.split('\r\n\r\n');
    const [first, ...pairs] = head.split('\r\n');
    const split = pairs.map((line) => line.split(/:\s*/, 2) as [string, string]);
    const got = new Map(split.map(([name, value]) => [name.toLowerCase(), value]));
    return {
      status: Number(first.split(' ')[1]),
      code: got.get('x-latchkey-code'),
      headers: got,
      body: rest.join('\r\n\r\n'),
    };
  }

  /** The same with a key. */
  async use(token: string, from: string, ...lines: string[]) {
    return this.get(from, `X-API-Key: ${token}`, ...lines);
  }

  async stop() {
    const gone = new Promise((done) => this.nginx.once('exit', done));
    this.nginx.kill('SIGTERM');
    await gone;
    this.api.closeAllConnections();
    await new Promise((done) => this.api.close(done));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The API behind the gateway: says what the gateway told it about the client. */
async function startApi(): Promise<Server> {
  const api = createServer((request, response) => {
    const told = Object.entries(request.headers).filter(([name]) => /^(x-|authorization)/.test(name));
    response.setHeader('content-type', 'application/json');
    // For pages of other sites, which ask before they send a key.
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-methods', '*');
    response.setHeader('access-control-allow-headers', 'x-api-key');
    response.end(JSON.stringify(Object.fromEntries(told)));
  });
  await new Promise<void>((done) => api.listen(0, '127.0.0.1', done));
  return api;
}

function addressOf(server: Server) {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const probe = createPlainServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** Starts nginx in the folder; nothing if it could not listen. */
async function startNginx(folder: string): Promise<ChildProcess | undefined> {
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
  const nginx = adopt(spawn('/usr/sbin/nginx', args, { stdio: ['ignore', 'ignore', 'pipe'] }));
  let log = '';
  return new Promise((done, fail) => {
    nginx.stderr!.on('data', (data: Buffer) => {
      log += data;
      // Said once all sockets listen.
      if (log.includes('start worker process')) done(nginx);
    });
    nginx.on('error', fail);
    nginx.on('exit', () => (log.includes('Address already in use') ? done(undefined) : fail(new Error(log))));
  });
}

async function configuration(port: number, latchkeyUrl: string, api: string) {
  let text = await readFile(DOCUMENTED, 'utf8');
  const places: [string, string][] = [
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ['listen [::]:80;', ''],
    ['server 127.0.0.1:3000 ', `server ${new URL(latchkeyUrl).host} `],
    ['server 127.0.0.1:8080;', `server ${api};`],
  ];
  for (const [place, filled] of places) {
    if (!text.includes(place)) throw new Error(`${DOCUMENTED.pathname} holds no “${place}”`);
    text = text.replaceAll(place, filled);
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  return `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events {}
http {
${temporary.join('\n')}
access_log off;
${text}
}
`;
}
