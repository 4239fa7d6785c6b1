import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { get, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from '../support/fixtures';
import { BINARY, Latchkey } from '../support/latchkey.js';

// The release binary alone: no browser, no file beside it.

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-empty-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  // A copy, from a folder in which nothing else is.
  latchkey: async ({ folder }, use) => {
    const binary = join(folder, 'latchkey');
    await copyFile(BINARY, binary);
    const latchkey = await Latchkey.start({ binary, folder });
    await use(latchkey);
    if (latchkey.process.exitCode === null) expect(await latchkey.stop()).toBe(0);
    // It left nothing beside itself either.
    expect(await readdir(folder)).toEqual(['latchkey']);
  },
});

// `fetch` would undo the compression and hide it.
function fetchRaw(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((done, fail) => {
    get(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    }).on('error', fail);
  });
}

test('the binary brings its whole site, small and lasting', async ({ latchkey }) => {
  expect((await fetchRaw(`${latchkey.url}/login`)).status).toBe(200);
  // The door loads no program; whatever a stranger looks for in vain does.
  const page = await fetchRaw(`${latchkey.url}/nowhere`);
  expect(page.status).toBe(404);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['cache-control']).toBe('no-store');
  const html = page.body.toString();
  const kind = (name: string) => name.split('.').pop()!;
  const names = [...new Set(html.match(/\/pkg\/[\w.]+/g))].sort((a, b) => kind(a).localeCompare(kind(b)));
  expect(names).toEqual([
    expect.stringMatching(/^\/pkg\/latchkey\.[0-9a-f]{16,}\.css$/),
    expect.stringMatching(/^\/pkg\/latchkey\.[0-9a-f]{16,}\.js$/),
    expect.stringMatching(/^\/pkg\/latchkey_bg\.[0-9a-f]{16,}\.wasm$/),
  ]);
  const types = ['text/css; charset=utf-8', 'text/javascript; charset=utf-8', 'application/wasm'];
  for (const [i, name] of names.entries()) {
    const file = await fetchRaw(latchkey.url + name, { 'accept-encoding': 'gzip, deflate, br' });
    expect(file.status).toBe(200);
    expect(file.headers).toMatchObject({
      'content-type': types[i],
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: expect.stringMatching(/accept-encoding/i),
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
    const again = await fetchRaw(latchkey.url + name, {
      'accept-encoding': 'gzip, deflate, br',
      'if-none-match': file.headers.etag!,
    });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const plain = await fetchRaw(latchkey.url + name);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.headers.etag).not.toBe(file.headers.etag);
    expect(plain.body.length).toBeGreaterThan(file.body.length);
  }
  expect((await fetchRaw(`${latchkey.url}/pkg/no-such-file.js`)).status).toBe(404);
});

test('an idle server takes less than 64 MB', async ({ latchkey }) => {
  await fetchRaw(`${latchkey.url}/login`);
  // The start hashes a password, and its 19 MiB go back to the system some seconds later.
  let kilobytes = 0;
  const resident = async () => {
    const status = await readFile(`/proc/${latchkey.pid}/status`, 'utf8');
    kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]);
    return kilobytes * 1024;
  };
  await expect.poll(resident).toBeLessThan(64_000_000);
  test.info().annotations.push({ type: 'VmRSS', description: `${kilobytes} kB` });
});

test('after SIGTERM a request in flight is still answered, and a new one is not taken', async ({ latchkey }) => {
  const token = await latchkey.addGateway('test');
  const body = JSON.stringify({ key: 'rubbish', client_ip: '192.0.2.1' });
  const socket = connect(Number(new URL(latchkey.url).port), '127.0.0.1');
  const answer = read(socket);
  socket.write(
    'POST /v1/verify HTTP/1.1\r\nHost: latchkey\r\nContent-Type: application/json\r\n' +
      `Authorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  );
  // The server has begun to read: from here on the request is in flight.
  await expect.poll(() => answer.text).toContain('100 Continue');
  const stopped = latchkey.stop();
  await expect.poll(() => isListening(latchkey.url)).toBe(false);
  socket.write(body);
  await answer.end;
  expect(answer.text).toContain('HTTP/1.1 200 OK');
  expect(answer.text).toContain('"code":"MALFORMED"');
  expect(await stopped).toBe(0);
});

function read(socket: Socket) {
  const answer = { text: '', end: new Promise((done) => socket.once('close', done)) };
  socket.on('data', (data) => (answer.text += data));
  return answer;
}

function isListening(url: string) {
  return new Promise<boolean>((done) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}
