// That the guards of the documented configurations hold something: without each of them, a forgery succeeds.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, shakeHands } from './client.mjs';
import { startGateway } from './gateways.mjs';
import { Api, Customer, startLatchkey } from './site.mjs';

const CLIENT = '192.0.2.10';
let latchkey, api, customer, key;

before(async () => {
  latchkey = await startLatchkey();
  api = await Api.start();
  customer = await Customer.add(latchkey, 'demouser');
  key = await customer.generate('cloud');
});

after(async () => {
  await latchkey.stop();
  await api.stop();
});

/** One request with a good key through a changed gateway; the lines of ours that the API saw. */
async function seen(name, change, ...lines) {
  const gateway = await startGateway(name, { change });
  api.calls = [];
  try {
    const { status } = await ask(CLIENT, [`X-API-Key: ${key.token}`, ...lines]);
    return { status, ours: api.calls.flatMap((call) => call.lines).filter(([line]) => /latchkey/.test(line)) };
  } finally {
    await gateway.stop();
  }
}

const without = (guard) => (text) => text.replaceAll(guard, '');

// What each gateway passes on when nobody tells it not to.
const GUARDS = [
  ['nginx: underscores_in_headers stays off', 'nginx', (text) => text.replace('location / {', 'underscores_in_headers on; location / {')],
  ['Traefik: underscores and aliases are deleted', 'Traefik', without(/(underscore|alias)HeadersStrategy.*/g)],
  ['Envoy: early_header_mutation', 'Envoy', without(/.*remove_on_match.*\n/g)],
  ['HAProxy: del-header', 'HAProxy', without(/http-request del-header \^x.*/g)],
];

for (const [title, name, change] of GUARDS) {
  test(`${title}, or the API is told a forged identity`, async () => {
    const { status, ours } = await seen(name, change, 'X_Latchkey_Key_Id: forged');
    assert.equal(status, 200);
    assert.ok(ours.some(([line, value]) => line === 'x_latchkey_key_id' && value === 'forged'), JSON.stringify(ours));
  });
}

test('Caddy: Connection may not name our headers, or the API is told no identity', async () => {
  const { status, ours } = await seen('Caddy', without('respond @drops 400'), 'Connection: X-Latchkey-Key-Id');
  assert.equal(status, 200);
  assert.deepEqual(ours.map(([line]) => line).sort(), ['x-latchkey-key-type', 'x-latchkey-username']);
});

test('HAProxy: nothing passes when the Lua file fails, and without the guard everything would', async () => {
  const broken = (text) => text.replace('core.httpclient()', 'core.nothing()');
  assert.deepEqual(await seen('HAProxy', broken), { status: 503, ours: [] });
  const open = (text) => without(/http-request return status 503.*/g)(broken(text));
  assert.equal((await seen('HAProxy', open)).status, 200);
});

// What keeps a client from becoming, with one good key, the writer of requests that nobody asks about.
const UPGRADE_GUARDS = [
  ['nginx', 'h2c', (text) => text.replace('~*^websocket$ websocket;', '~. h2c;').replace('websocket upgrade;', 'h2c upgrade;')],
  ['Caddy', 'h2c', without(/request_header @upgrade .*/g)],
  // Traefik passes no h2c on, and all else.
  ['Traefik', 'h3c', without(/no-upgrade, /g)],
  ['HAProxy', 'h2c', without(/http-request del-header upgrade .*/g)],
];

// Which guard keeps a second line of Upgrade out, and what the API then sees.
const LINE_GUARDS = [
  ['Caddy', ['h2c', 'websocket'], without(/request_header @socket .*/g)],
  ['HAProxy', ['h2c', 'websocket'], without(/\{ req.fhdr_cnt\(upgrade\) eq 1 \} /g)],
];

for (const [name, upgrades, change] of LINE_GUARDS) {
  test(`${name}: of two lines of Upgrade none but a WebSocket's, or the API is made to speak ${upgrades[0]}`, async () => {
    const gateway = await startGateway(name, { change });
    api.calls = [];
    try {
      await shakeHands(CLIENT, [`X-API-Key: ${key.token}`], ...upgrades);
      assert.ok(api.calls.some((call) => call.upgrade?.includes(upgrades[0])), JSON.stringify(api.calls));
    } finally {
      await gateway.stop();
    }
  });
}

for (const [name, upgrade, change] of UPGRADE_GUARDS) {
  test(`${name}: only WebSockets, or the API is made to speak ${upgrade} past the gateway`, async () => {
    const gateway = await startGateway(name, { change });
    api.calls = [];
    try {
      await shakeHands(CLIENT, [`X-API-Key: ${key.token}`], upgrade);
      assert.deepEqual(api.calls.map((call) => call.upgrade), [upgrade]);
    } finally {
      await gateway.stop();
    }
  });
}

// What keeps a client from passing for a browser that only asks, where those pass.
const TRUSTING = (text) =>
  text.replace('trustForwardHeader: false', 'trustForwardHeader: true').replace('    # No forwardedHeaders.insecure', '    forwardedHeaders: { insecure: true }\n    #');
const METHOD_GUARDS = [
  ['nginx', without(/proxy_set_header X-Original-Method .*|proxy_pass_request_headers off;/g)],
  ['Traefik', (text) => TRUSTING(text).replace('          X-Forwarded-Method: ""\n', '')],
  ['HAProxy', (text) => text.replace('{ txn.sf:method() }', '{ txn.sf:req_fhdr("x-forwarded-method") }')],
];

describe('where cors_preflights pass', () => {
  const resume = async (settings) => {
    await latchkey.halt();
    await latchkey.resume(settings);
  };
  before(() => resume({ LATCHKEY_CORS_PREFLIGHTS: 'pass' }));
  after(() => resume());

  for (const [name, change] of METHOD_GUARDS) {
    test(`${name}: tells the client's own method, or everything passes without a key`, async () => {
      const forged = ['X-Forwarded-Method: OPTIONS', 'X-Original-Method: OPTIONS'];
      const lines = [...forged, 'Origin: https://app.example', 'Access-Control-Request-Method: POST'];
      for (const [guarded, status] of [[true, 401], [false, 200]]) {
        const gateway = await startGateway(name, guarded ? {} : { change });
        try {
          assert.equal((await ask(CLIENT, lines, { method: 'DELETE' })).status, status);
        } finally {
          await gateway.stop();
        }
      }
    });
  }
});
