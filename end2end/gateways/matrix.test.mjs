// Five real gateways with the documented configurations: what each lets through, what it refuses, and what
// the API behind it is told. The outcome is printed as a table.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, basic } from './client.mjs';
import { GATEWAYS, startGateway } from './gateways.mjs';
import { kindCases } from './kinds.mjs';
import { Api, Customer, TRUSTED, startLatchkey } from './site.mjs';
import { note, print } from './table.mjs';
import { troubleCases } from './troubles.mjs';

const NAMES = Object.keys(GATEWAYS);
// Whatever can be logged is.
const SETTINGS = { LATCHKEY_ACCESS_LOG: 'all', LATCHKEY_LOG_LEVEL: 'debug' };
const IDENTITY = ['x-latchkey-key-id', 'x-latchkey-username', 'x-latchkey-key-type'];
let latchkey, api;

before(async () => {
  latchkey = await startLatchkey();
  api = await Api.start();
});

after(async () => {
  await latchkey.stop();
  await api.stop();
  print(NAMES);
});

for (const [place, name] of NAMES.entries()) describe(name, { concurrency: 1 }, () => gatewayCases(name, place));

function gatewayCases(name, place) {
  // Addresses of its own, so that guesses through one gateway slow nobody down at the next.
  const from = (n) => `192.0.2.${10 + place * 15 + n}`;
  const [HOME, OTHER, GUESSER] = [from(0), from(1), from(2)];
  let gateway, customer, key;

  before(async () => {
    customer = await Customer.add(latchkey, `of-${name}`);
    key = await customer.generate('default');
    gateway = await startGateway(name);
  });
  after(() => gateway.stop());

  const check = (title, body) => test(title, () => note(name, title, body));
  const bearer = (token) => `Authorization: Bearer ${token}`;
  const apiKey = (token) => `X-API-Key: ${token}`;

  /** Asks, and expects that the request reaches the API with the identity of this key and nothing else of ours. */
  async function passes(address, lines, more = {}, used = key) {
    api.calls = [];
    const answer = await ask(address, lines, more);
    assert.equal(answer.status, 200, `${answer.all}\n${gateway.log()}`);
    assert.equal(api.calls.length, 1, 'the API is called once');
    const [call] = api.calls;
    const ours = call.lines.filter(([line]) => /latchkey/.test(line)).sort();
    const identity = [used.id, customer.name, used.key_type].map((value, n) => [IDENTITY[n], value]);
    assert.deepEqual(ours, identity.sort());
    const secrets = call.lines.filter(([line]) => ['authorization', 'x-api-key'].includes(line));
    assert.deepEqual(secrets, [], 'the key stays at the gateway');
    assert.equal(call.method, more.method ?? 'GET');
    for (const line of ['x-latchkey-key-id', 'x-latchkey-code']) {
      assert.equal(answer.headers.get(line), null, 'the client is told nothing about the key');
    }
    return call;
  }

  /** Asks, and expects a refusal that does not reach the API. */
  async function refused(address, lines, statuses, code, more = {}) {
    api.calls = [];
    const answer = await ask(address, lines, more);
    assert.ok([statuses].flat().includes(answer.status), `${answer.all}\n${gateway.log()}`);
    assert.equal(answer.headers.get('x-latchkey-code'), code);
    for (const line of IDENTITY) assert.equal(answer.headers.get(line), null);
    assert.equal(api.calls.length, 0, 'the API is not called');
    return answer.status;
  }

  check('allow: the API is told whose key it was', async () => {
    await passes(HOME, [bearer(key.token)]);
    await passes(HOME, [apiKey(key.token)]);
    await passes(HOME, [apiKey(key.token), 'Connection: keep-alive', 'Accept-Encoding: gzip', 'X_Other: kept or not']);
    assert.deepEqual(await customer.uses(key), [3, HOME]);
    return 200;
  });

  check('allow: every method, with its body, path and query; one use each', async () => {
    const cloud = await customer.generate('cloud');
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE']) {
      const body = method === 'HEAD' ? undefined : 'a='.repeat(50_000);
      const more = { method, path: '/v1/pets?tag=a%20b&api_key=x', body };
      const call = await passes(HOME, [bearer(cloud.token)], more, cloud);
      assert.equal(call.url, more.path);
      assert.equal(call.body, more.body ?? '');
    }
    assert.deepEqual(await customer.uses(cloud), [7, HOME]);
    return 200;
  });

  const scene = {
    ...{ name, check, home: HOME, other: OTHER, passes, refused, bearer, apiKey, settings: SETTINGS },
    latchkey: () => latchkey,
    api: () => api,
    key: () => key,
    customer: () => customer,
    log: () => gateway.log(),
    restartGateway: async (change) => {
      await gateway.stop();
      gateway = await startGateway(name, { change });
    },
  };
  kindCases(scene);

  check('MISSING', () => refused(HOME, [], 401, 'MISSING'));

  check('MALFORMED', async () => {
    await refused(HOME, [bearer('rubbish')], 401, 'MALFORMED');
    const wrong = key.token.slice(0, -1) + (key.token.endsWith('a') ? 'b' : 'a');
    return refused(HOME, [apiKey(wrong)], 401, 'MALFORMED');
  });

  check('MALFORMED: two keys in one request', async () => {
    await refused(HOME, [bearer(key.token), apiKey(key.token)], 401, 'MALFORMED');
    // nginx before 1.23 asks with the first line; nobody else ever sees the second.
    if (name === 'nginx') await refused(HOME, [apiKey('rubbish'), apiKey(key.token)], 401, 'MALFORMED');
    else await refused(HOME, [apiKey(key.token), apiKey(key.token)], 401, 'MALFORMED');
    // nginx refuses this by itself.
    const code = name === 'nginx' ? null : 'MALFORMED';
    return refused(HOME, [bearer(key.token), bearer(key.token)], [400, 401], code);
  });

  check('NOT_FOUND', () => refused(HOME, [basic(customer.name, 'guess000')], 401, 'NOT_FOUND'));

  check('DELETED', async () => {
    const gone = await customer.generate('cloud');
    await passes(HOME, [bearer(gone.token)], {}, gone);
    await customer.delete(gone);
    return refused(HOME, [bearer(gone.token)], 401, 'DELETED');
  });

  check('ROTATED', async () => {
    const old = await customer.generate('cloud');
    const rotated = await customer.rotate(old);
    await refused(HOME, [bearer(old.token)], 401, 'ROTATED');
    await passes(HOME, [bearer(rotated.token)], {}, rotated);
    return 401;
  });

  check('EXPIRED', async () => {
    const ends = await customer.generate('cloud');
    await passes(HOME, [bearer(ends.token)], {}, ends);
    await sleep((await customer.expire(ends)) - Date.now());
    return refused(HOME, [bearer(ends.token)], 401, 'EXPIRED');
  });

  check('OWNER_DISABLED', async () => {
    const other = await Customer.add(latchkey, `disabled-${name}`);
    const theirs = await other.generate('cloud');
    await latchkey.run(['user', 'disable', other.name]);
    return refused(HOME, [bearer(theirs.token)], 403, 'OWNER_DISABLED');
  });

  check('IP_NOT_ALLOWED', () => refused(OTHER, [bearer(key.token)], 403, 'IP_NOT_ALLOWED'));

  check('NO_CLIENT_ADDRESS', () => refused(TRUSTED, [bearer(key.token)], 403, 'NO_CLIENT_ADDRESS'));

  check('THROTTLED, with Retry-After', async () => {
    const smpp = await customer.generate('smpp');
    let answer;
    api.calls = [];
    for (let n = 0; n < 100 && answer?.status !== 429; n++) {
      answer = await ask(GUESSER, [basic(customer.name, `guess${String(n).padStart(3, '0')}`)]);
    }
    // Of this very answer: one guess is forgiven every two seconds, which a busy machine needs for the next.
    assert.deepEqual([answer.status, answer.headers.get('x-latchkey-code')], [429, 'THROTTLED'], answer.all);
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
    for (const line of IDENTITY) assert.equal(answer.headers.get(line), null);
    assert.equal(api.calls.length, 0);
    await passes(HOME, [basic(customer.name, smpp.token)], {}, smpp);
    return answer.status;
  });

  check('a forged identity never reaches the API', async () => {
    const spellings = ['X-Latchkey-Key-Id', 'x_latchkey_key_id', 'X-Latchkey_Key-Id', 'X_Latchkey-Key_Id', 'X.Latchkey.Key.Id'];
    for (const line of [...spellings, 'X-Latchkey-Username', 'X_LATCHKEY_USERNAME', 'x-latchkey-key-type']) {
      await passes(HOME, [bearer(key.token), `${line}: forged`]);
      await passes(HOME, [bearer(key.token), `${line}: forged`, `${line}: again`]);
      await refused(HOME, [`${line}: forged`], 401, 'MISSING');
    }
    return passes(HOME, [bearer(key.token), 'X-Latchkey-Gateway: forged']).then(() => 200);
  });

  check('Connection: naming the identity does not take it away', async () => {
    const statuses = new Set();
    for (const line of IDENTITY) {
      const named = [[line], [`close, ${line}`], [`keep-alive, ${line.toUpperCase()}`], ['close', line]];
      for (const connections of named) {
        api.calls = [];
        const lines = [bearer(key.token), `${line}: forged`, ...connections.map((value) => `Connection: ${value}`)];
        const { status } = await ask(HOME, lines);
        statuses.add(status);
        if (status === 200) await passes(HOME, lines);
        else assert.equal(api.calls.length, 0);
      }
    }
    return [...statuses].sort().join();
  });

  check('Connection: naming the key or the address gains nothing', async () => {
    const statuses = new Set();
    for (const line of ['Authorization', 'X-Forwarded-For', 'X-Latchkey-Gateway']) {
      api.calls = [];
      const { status } = await ask(OTHER, [bearer(key.token), `Connection: ${line}`, `X-Forwarded-For: ${HOME}`]);
      assert.ok(status >= 400, String(status));
      assert.equal(api.calls.length, 0);
      statuses.add(status);
    }
    return [...statuses].sort().join();
  });

  check('forged X-Forwarded-For, X-Real-IP, Forwarded do not move the client', async () => {
    const forged = [`X-Forwarded-For: ${HOME}`, `X-Real-IP: ${HOME}`, `Forwarded: for=${HOME}`];
    const others = [`X-Client-IP: ${HOME}`, `True-Client-IP: ${HOME}`, `X-Envoy-External-Address: ${HOME}`];
    for (const lines of [...forged, ...others].map((line) => [line]).concat([forged, [...forged, ...forged]])) {
      await refused(OTHER, [bearer(key.token), ...lines], 403, 'IP_NOT_ALLOWED');
      // Nor does naming somebody else lock its owner out, or latch a new key to that address.
      const fresh = await customer.generate('default');
      const elsewhere = lines.map((line) => line.replaceAll(HOME, '198.51.100.7'));
      const call = await passes(HOME, [bearer(fresh.token), ...elsewhere], {}, fresh);
      assert.deepEqual(await customer.uses(fresh), [1, HOME]);
      const told = call.lines.filter(([line]) => ['x-forwarded-for', 'x-real-ip', 'forwarded'].includes(line));
      assert.ok(!JSON.stringify(told).includes('198.51.100.7'), `the API is told ${JSON.stringify(told)}`);
    }
    // A client that claims to be a proxy is still the one that connects.
    return refused(OTHER, [bearer(key.token), `X-Forwarded-For: ${HOME}, 127.0.0.1`], 403, 'IP_NOT_ALLOWED');
  });

  check('a client over IPv6 is known by its address', async () => {
    const to = '[2001:db8::1]';
    const fresh = await customer.generate('default');
    await passes('2001:db8::a', [bearer(fresh.token)], { to }, fresh);
    assert.deepEqual(await customer.uses(fresh), [1, '2001:db8::a']);
    await refused('2001:db8::b', [bearer(fresh.token), 'X-Forwarded-For: 2001:db8::a'], 403, 'IP_NOT_ALLOWED', { to });
    return refused(HOME, [bearer(fresh.token)], 403, 'IP_NOT_ALLOWED');
  });

  check('no path or query gets around the question', async () => {
    const token = key.token;
    const paths = ['/healthz', '//', '/%2e%2e/', '/a/../..//b', `/?api_key=${token}`, '/authz/forward-auth', '/latchkey'];
    const statuses = new Set();
    for (const path of [...paths, '/.well-known/x', '/x;y', '/x%00', '/x%2f..%2f', '/?a=b#c', '/?require=none&dry_run=true']) {
      api.calls = [];
      const { status } = await ask(OTHER, [], { path });
      assert.ok(status >= 400, `${path}: ${status}`);
      assert.equal(api.calls.length, 0, path);
      statuses.add(status);
    }
    return [...statuses].sort().join();
  });

  check('require_gateway_token: without the token nothing passes', async () => {
    await latchkey.halt();
    await latchkey.resume({ ...SETTINGS, LATCHKEY_REQUIRE_GATEWAY_TOKEN: 'true' });
    return refused(HOME, [bearer(key.token)], 403, null);
  });

  check('require_gateway_token: with it the client cannot get in its way', async () => {
    const token = await latchkey.addGateway(`edge-${name}`);
    await refused(HOME, [bearer(key.token), `X-Latchkey-Gateway: ${token}`], 403, null);
    await gateway.stop();
    gateway = await startGateway(name, { token });
    await passes(HOME, [bearer(key.token)]);
    await passes(HOME, [bearer(key.token), 'X-Latchkey-Gateway: forged', 'X_Latchkey_Gateway: forged']);
    for (const secret of [token, key.token]) assert.ok(!latchkey.log.includes(secret), 'no secret is logged');
    assert.match(latchkey.log, /authz/, 'while requests are');
    return refused(HOME, [], 401, 'MISSING');
  });

  check('key_in_query: a key in the address, where it is allowed', async () => {
    const path = `/v1/pets?api_key=${key.token}`;
    await refused(HOME, [], 401, 'MISSING', { path });
    await latchkey.halt();
    await latchkey.resume({ ...SETTINGS, LATCHKEY_KEY_IN_QUERY: 'true' });
    await passes(HOME, [], { path });
    await refused(OTHER, ['X-Forwarded-Uri: /', 'X-Original-URI: /'], 401, 'MISSING');
    assert.ok(!latchkey.log.includes(key.token), 'nor is a key in the address logged');
    return refused(OTHER, [], 403, 'IP_NOT_ALLOWED', { path });
  });

  troubleCases(scene);
}
