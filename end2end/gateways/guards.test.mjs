// That the guards of the documented configurations hold something: without each of them, a forgery succeeds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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
  ['nginx', (text) => text.replace('~*^websocket$ websocket;', '~. h2c;').replace('websocket upgrade;', 'h2c upgrade;')],
  ['Caddy', without(/request_header @upgrade .*/g)],
  ['HAProxy', without(/http-request del-header upgrade .*/g)],
];

for (const [name, change] of UPGRADE_GUARDS) {
  test(`${name}: only WebSockets, or the API is made to speak HTTP/2 past the gateway`, async () => {
    const gateway = await startGateway(name, { change });
    api.calls = [];
    try {
      await shakeHands(CLIENT, [`X-API-Key: ${key.token}`], 'h2c');
      assert.deepEqual(api.calls.map((call) => call.upgrade), ['h2c']);
    } finally {
      await gateway.stop();
    }
  });
}
