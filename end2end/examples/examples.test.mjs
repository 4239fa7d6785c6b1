// The programs in examples/, as they stand there: started, asked by a client, and judged by what they answer.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { Customer } from '../gateways/site.mjs';
import { adopt } from '../support/children.js';
import { Latchkey } from '../support/latchkey.js';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const folder = (name) => join(root, 'examples', name);
const PATIENCE = 60_000;

// How each is started; what has to be built is built by ./run.
const PROGRAMS = {
  axum: [join(root, 'target/examples/debug/latchkey-axum-example'), []],
  express: [process.execPath, ['server.mjs']],
  flask: ['python3', ['-m', 'flask', 'run', '--port', 'PORT'], { PYTHONPATH: join(root, '.tools/python-flask'), PYTHONDONTWRITEBYTECODE: '1' }],
  go: [join(root, 'target/examples/go-example'), []],
};

/** A program of examples/ on a port of its own, when it takes connections. */
class Program {
  static async start(name, [command, words, more = {}], settings, port) {
    const program = new Program();
    port ??= await freePort();
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), ...more, ...settings };
    const stdio = ['ignore', 'pipe', 'pipe'];
    const args = words.map((word) => (word === 'PORT' ? String(port) : word));
    program.process = adopt(spawn(command, args, { cwd: folder(name), env, stdio }));
    program.output = '';
    for (const pipe of [program.process.stdout, program.process.stderr]) pipe.on('data', (data) => (program.output += data));
    program.process.on('error', (error) => (program.output += error.message));
    program.url = `http://127.0.0.1:${port}`;
    try {
      await program.wait(() => fetch(program.url).then(() => true, () => false), 'takes no connection');
    } catch (error) {
      await program.stop();
      throw error;
    }
    return program;
  }

  async wait(holds, otherwise) {
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > end || this.process.exitCode !== null) throw new Error(`it ${otherwise}: ${this.output}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

for (const [name, how] of Object.entries(PROGRAMS)) {
  test(`${name} lets in who Latchkey lets in, and nobody when it cannot ask`, async () => {
    const latchkey = await Latchkey.start();
    const programs = [];
    try {
      const customer = await Customer.add(latchkey, 'demouser');
      const settings = { LATCHKEY_URL: latchkey.url, GATEWAY_TOKEN: await latchkey.addGateway(name) };
      const start = async (more) => programs[programs.push(await Program.start(name, how, { ...settings, ...more })) - 1];
      const program = await start();
      const key = await customer.generate('default');
      const status = async (token, of = program) => {
        const headers = token === undefined ? {} : { 'x-api-key': token };
        return (await fetch(`${of.url}/hello`, { headers })).status;
      };
      assert.equal(await status(), 401, 'without a key');
      assert.equal(await status('nonsense'), 401);
      assert.equal(await status(key.token), 200, program.output);
      assert.deepEqual(await customer.uses(key), [1, '127.0.0.1'], 'the address is the client’s');
      const elsewhere = await customer.generate('default');
      await latchkey.verify(settings.GATEWAY_TOKEN, elsewhere.token, '203.0.113.7');
      assert.equal(await status(elsewhere.token), 403, 'locked to another address');
      await customer.delete(key);
      assert.equal(await status(key.token), 401, 'deleted');
      const stranger = await start({ GATEWAY_TOKEN: 'lkg_wrong' });
      assert.equal(await status(elsewhere.token, stranger), 503, 'a wrong gateway token is the operator’s fault');
      await latchkey.halt();
      assert.equal(await status(elsewhere.token), 503, 'Latchkey is down');
    } finally {
      await Promise.all(programs.map((program) => program.stop()));
      await latchkey.stop();
    }
  });
}

test('the script for curl lists, generates, limits, rotates and deletes a key', async () => {
  // Loopback is no proxy here: who asks from there is the client.
  const latchkey = await Latchkey.start({ more: ['--trusted-proxy', '192.0.2.99'] });
  try {
    const customer = await Customer.add(latchkey, 'demouser');
    const gateway = await latchkey.addGateway('curl');
    const managing = await customer.generateManaging();
    const run = async (...words) => {
      const env = { PATH: process.env.PATH, LATCHKEY_URL: latchkey.url, LATCHKEY_TOKEN: managing.token };
      const script = adopt(spawn('./manage-keys.sh', words, { cwd: folder('curl'), env }));
      const read = [text(script.stdout), text(script.stderr), once(script, 'close')];
      const [out, err, [code]] = await Promise.all(read);
      return { out: out.trimEnd(), err, code };
    };
    const done = async (...words) => {
      const { out, err, code } = await run(...words);
      assert.equal(code, 0, err);
      return out;
    };
    const code = async (token, from) => (await latchkey.verify(gateway, token, from)).code;

    const [id, token] = (await done('generate', 'billing server')).split('\t');
    assert.equal(await done('limit', id, '203.0.113.0/24'), '203.0.113.0/24');
    assert.equal(await code(token, '198.51.100.7'), 'IP_NOT_ALLOWED');
    assert.equal(await code(token, '203.0.113.7'), 'VALID');
    const row = `${id}\tdemouser\tdefault\tactive\t1\tbilling server`;
    assert.equal((await done('list')).split('\n')[0], row, 'newest first');
    const next = await done('rotate', id, '3600');
    assert.deepEqual([await code(token, '203.0.113.7'), await code(next, '203.0.113.7')], ['VALID', 'VALID']);
    assert.equal(await done('delete', id), '');
    assert.equal(await code(next, '203.0.113.7'), 'DELETED');
    const refused = await run('delete', id);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /"type":"urn:problem-type:latchkey:not-found"/);
    assert.equal((await run('nonsense')).code, 2);
  } finally {
    await latchkey.stop();
  }
});

test('the receiver of webhooks takes what Latchkey sends, once, and nothing else', async () => {
  const latchkey = await Latchkey.start();
  let program;
  try {
    await latchkey.halt();
    await latchkey.resume({ LATCHKEY_WEBHOOK_ALLOW_PRIVATE: 'true' });
    const customer = await Customer.add(latchkey, 'demouser');
    const port = await freePort();
    const added = await customer.post('/account/webhooks', { url: `http://127.0.0.1:${port}/`, cause_new_login: 'on' });
    const made = added.headers.get('location').split('?')[1];
    const shown = await fetch(`${latchkey.url}/portal/list_webhooks?${made}`, { headers: { cookie: customer.cookie } });
    const secret = /whsec_[^"]+/.exec(await shown.text())[0];
    const settings = { WEBHOOK_SECRET: secret };
    program = await Program.start('webhook-receiver', [process.execPath, ['server.mjs']], settings, port);
    await customer.post('/account/webhooks/1?do=test_webhook', { id: '1' });
    await program.wait(() => program.output.includes(' test {'), 'was told nothing');

    const send = async (webhook, body) => {
      const [id, now] = ['msg_1', new Date()];
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now / 1000)),
        'webhook-signature': webhook.sign(id, now, body),
      };
      return (await fetch(program.url, { method: 'POST', headers, body })).status;
    };
    const body = JSON.stringify({ type: 'again', timestamp: 'now', data: {} });
    const stranger = new Webhook(Buffer.from('a secret of somebody else').toString('base64'));
    assert.equal(await send(stranger, body), 401);
    assert.equal(await send(new Webhook(secret), body), 204);
    assert.equal(await send(new Webhook(secret), body), 204);
    await program.wait(() => program.output.includes('again'), 'was told nothing');
    assert.equal(program.output.split('again').length, 2, 'one message, one act');
  } finally {
    await program?.stop();
    await latchkey.stop();
  }
});
