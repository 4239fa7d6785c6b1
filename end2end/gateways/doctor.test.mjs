// `latchkey doctor gateway`: what it says about real gateways, good and bad.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { ask } from './client.mjs';
import { ADDRESS, GATEWAYS, startGateway } from './gateways.mjs';
import { Api, Customer, startLatchkey } from './site.mjs';

const URL = `http://${ADDRESS}/`;
let latchkey, api, customer, key;

before(async () => {
  latchkey = await startLatchkey();
  api = await Api.start();
  customer = await Customer.add(latchkey, 'demouser');
  key = await customer.generate('default');
});

after(async () => {
  await latchkey.stop();
  await api.stop();
});

/** Runs it against the gateway; answers its exit code and all that it printed. */
async function diagnose(...more) {
  const { code, out, err } = await latchkey.tryRun(['doctor', 'gateway', URL, ...more]);
  return { code, text: out + err };
}

/** Puts this gateway there, with a changed configuration if asked, while `body` runs. */
async function behind(name, options, body) {
  const gateway = await startGateway(name, options);
  try {
    await body(gateway);
  } finally {
    await gateway.stop();
  }
}

describe('a documented gateway', () => {
  for (const name of Object.keys(GATEWAYS)) {
    test(`${name} is found to be good, and the probe neither passes nor counts`, async () => {
      await behind(name, {}, async () => {
        api.calls = [];
        const { code, text } = await diagnose();
        assert.equal(code, 0, text);
        assert.doesNotMatch(text, /OPEN/);
        assert.match(text, /ok {4}The gateway asks this Latchkey, and refuses what it refuses/);
        assert.match(text, new RegExp(`ok {4}The client is ${ADDRESS}, whatever it writes into x-forwarded-for`));
        assert.match(text, /note {2}What the API is told cannot be seen/);
        assert.doesNotMatch(text, /198\.51\.100/, 'no forged address arrives');
        assert.equal(api.calls.length, 0);
      });
    });
  }

  test('its token is seen where one is required, and never shown', async () => {
    const token = await latchkey.addGateway('edge');
    await latchkey.halt();
    await latchkey.resume({ LATCHKEY_REQUIRE_GATEWAY_TOKEN: 'true' });
    await behind('nginx', { token }, async () => {
      const { code, text } = await diagnose();
      assert.equal(code, 0, text);
      assert.match(text, /proves by its token/);
      assert.doesNotMatch(text, new RegExp(token));
    });
    await behind('nginx', {}, async () => {
      const { code, text } = await diagnose();
      assert.equal(code, 1, text);
      assert.match(text, /OPEN {2}The gateway sends no gateway token/);
    });
    await latchkey.halt();
    await latchkey.resume();
  });
});

const spelt = (text) =>
  text.replace('proxy_pass_request_headers off;', '').replace('location / {', 'underscores_in_headers on;\n location / {');

// Each takes one thing out of a documented configuration.
const HOLES = [
  ['nginx passes X-Forwarded-For on', 'nginx', /proxy_set_header X-Forwarded-For .*|proxy_pass_request_headers off;/g, /A client chooses its address: it wrote 198\.51\.100\.1 into/],
  ['HAProxy passes X-Forwarded-For on', 'HAProxy', /http-request set-header X-Forwarded-For .*/g, /A client chooses its address: it wrote 198\.51\.100\.1 into/],
  ['Envoy sends no X-Forwarded-For', 'Envoy', /\n *- exact: x-forwarded-for/g, /The gateway sends no x-forwarded-for: every request is refused/],
  ['nginx passes other spellings on', 'nginx', spelt, /The client's X_Latchkey_Key_Id passes/],
  ['nginx asks and does not obey', 'nginx', /return 403 .*;/g, /answered 200 nevertheless/, 'return 200;'],
  ['nginx does not ask at all', 'nginx', /auth_request .*/g, /answered 200 without asking this Latchkey: nothing is protected/],
  ['nginx asks somebody else', 'nginx', '127.0.0.1:3000', /answered 503 and its question did not come/, '127.0.0.1:3001'],
  ['nginx asks from an untrusted address', 'nginx', 'proxy_connect_timeout', /asks from 192\.0\.2\.1, which is no trusted proxy/, 'proxy_bind 192.0.2.1; proxy_connect_timeout'],
];

describe('what is open is said', () => {
  for (const [title, name, place, says, instead = ''] of HOLES) {
    test(title, async () => {
      const change = typeof place === 'function' ? place : (text) => text.replaceAll(place, instead);
      await behind(name, { change }, async () => {
        const { code, text } = await diagnose();
        assert.equal(code, 1, text);
        assert.match(text, says);
        assert.match(text, /^latchkey: 1 thing is open at this gateway/m);
      });
    });
  }

  test('a client does choose its address where doctor says so, and a probe is no use of the key', async () => {
    const change = (text) => text.replaceAll(/proxy_set_header X-Forwarded-For .*|proxy_pass_request_headers off;/g, '');
    await behind('nginx', { change }, async () => {
      await ask('192.0.2.10', [`X-API-Key: ${key.token}`, 'X-Forwarded-For: 203.0.113.7']);
      assert.deepEqual(await customer.uses(key), [1, '203.0.113.7']);
      assert.equal((await diagnose()).code, 1);
      assert.deepEqual(await customer.uses(key), [1, '203.0.113.7']);
    });
  });
});

// What makes each believe the client about its method, and what the doctor then says.
const METHOD_HOLES = [
  ['nginx', /proxy_set_header X-Original-Method .*|proxy_pass_request_headers off;/g, ''],
  ['HAProxy', '{ txn.sf:method() }', '{ txn.sf:req_fhdr("x-forwarded-method") }'],
];

describe('with cors_preflights the method is looked at', () => {
  const METHOD = /ok {4}The client's method is the one it uses/;
  before(async () => {
    await latchkey.halt();
    await latchkey.resume({ LATCHKEY_CORS_PREFLIGHTS: 'pass' });
  });
  after(async () => {
    await latchkey.halt();
    await latchkey.resume();
  });

  for (const name of Object.keys(GATEWAYS)) {
    test(`${name} tells the client's own`, async () => {
      await behind(name, {}, async () => {
        const { code, text } = await diagnose();
        assert.equal(code, 0, text);
        assert.match(text, METHOD);
      });
    });
  }

  for (const [name, place, instead] of METHOD_HOLES) {
    test(`${name} passes on what the client wrote`, async () => {
      await behind(name, { change: (text) => text.replaceAll(place, instead) }, async () => {
        const { code, text } = await diagnose();
        assert.equal(code, 1, text);
        assert.match(text, /OPEN {2}A client chooses its method: it writes OPTIONS/);
        const lines = ['X-Forwarded-Method: OPTIONS', 'X-Original-Method: OPTIONS'];
        const preflight = ['Origin: https://app.example', 'Access-Control-Request-Method: POST'];
        const { status } = await ask('192.0.2.10', [...lines, ...preflight], { method: 'DELETE' });
        assert.equal(status, 200, 'and it is so');
      });
    });
  }

  test('a probe is found where the key has a header of its own', async () => {
    await latchkey.halt();
    await latchkey.resume({ LATCHKEY_KEY_HEADER: 'api-token' });
    const change = (text) => text.replaceAll(/(X-API-Key) \$http_x_api_key/g, 'Api-Token $http_api_token');
    await behind('nginx', { change }, async () => {
      const { code, text } = await diagnose();
      assert.equal(code, 0, text);
    });
  });
});

test('over HTTPS, where the certificate is one that the machine trusts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-tls-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((file) => join(folder, file));
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=gateway', '-addext', `subjectAltName=IP:${ADDRESS}`, '-addext', 'basicConstraints=CA:FALSE'];
  await promisify(execFile)('openssl', [...made, ...named, '-keyout', key, '-out', cert]);
  const outside = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (socket) => {
    socket.on('error', () => {}).pipe(connect(80, ADDRESS)).on('error', () => {}).pipe(socket);
  });
  outside.on('tlsClientError', () => {}).listen(443, ADDRESS);
  await once(outside, 'listening');
  try {
    await behind('nginx', {}, async () => {
      const ask = (env) => latchkey.tryRun(['doctor', 'gateway', `https://${ADDRESS}/`], '', env);
      const trusting = await ask({ SSL_CERT_FILE: cert });
      assert.equal(trusting.code, 0, trusting.out + trusting.err);
      const wary = await ask({});
      assert.equal(wary.code, 1);
      assert.match(wary.err, /^latchkey: cannot reach https:.*certificate.*; SSL_CERT_FILE names/);
    });
  } finally {
    outside.close();
    await rm(folder, { recursive: true });
  }
});

describe('where there is nothing to diagnose', () => {
  test('nothing listens', async () => {
    const { code, text } = await diagnose();
    assert.equal(code, 1);
    assert.match(text, /^latchkey: cannot reach http:\/\/192\.0\.2\.1\/: .*refused/m);
  });

  test('what listens speaks no HTTP', async () => {
    const server = createServer((socket) => socket.end('hello\n')).listen(80, ADDRESS);
    await new Promise((done) => server.on('listening', done));
    const { code, text } = await diagnose();
    server.close();
    assert.equal(code, 1);
    assert.match(text, /^latchkey: cannot reach/m);
  });

  test('no address, and no server', async () => {
    const wrong = await latchkey.tryRun(['doctor', 'gateway', 'api.example.com']);
    assert.match(wrong.err, /is no address such as https/);
    await latchkey.halt();
    const down = await diagnose();
    await latchkey.resume();
    assert.equal(down.code, 1);
    assert.match(down.text, /^latchkey: no Latchkey runs on .*; start it with `latchkey serve`/m);
  });
});
