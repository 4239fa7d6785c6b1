// sendSMS's actions, asked by PHP's curl as its client libraries ask.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Customer } from '../gateways/site.mjs';
import { adopt } from '../support/children.js';
import { Latchkey } from '../support/latchkey.js';

const CLIENT = fileURLToPath(new URL('client.php', import.meta.url));
const WAYS = ['GET', 'POST with a query', 'POST with a form', 'POST with an array'];

let latchkey;
let customer;
let gateway;

before(async () => {
  // Loopback is no proxy here: who asks from there is the client.
  latchkey = await Latchkey.start({ more: ['--trusted-proxy', '192.0.2.99'] });
  await latchkey.halt();
  await latchkey.resume({ LATCHKEY_SENDSMS_ACTIONS: 'true', LATCHKEY_API_REQUESTS_PER_MINUTE: '0' });
  customer = await Customer.add(latchkey, 'demouser');
  gateway = await latchkey.addGateway('actions');
});

after(() => latchkey.stop());

/** Runs the PHP program; answers what it was told to each request, all with status 200. */
async function php(requests) {
  const program = adopt(spawn('php', [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] }));
  program.stdin.end(JSON.stringify({ url: `${latchkey.url}/json`, requests }));
  const [printed, [code]] = await Promise.all([text(program.stdout), once(program, 'close')]);
  assert.equal(code, 0, printed);
  return JSON.parse(printed).map(({ http, told }) => {
    assert.equal(http, 200);
    return told;
  });
}

const ok = (details) => ({ status: 0, message: 'OK', details });
const own = (key, action, more = {}) => ({ action, username: 'demouser', password: key.token, ...more });

/** One request in this way. */
async function ask(way, params, from) {
  const [told] = await php([{ way, params, from }]);
  return told;
}

function refused(told, status, name) {
  assert.deepEqual([told.status, told.details], [status, { ErrorMessages: name }], told.message);
}

for (const way of WAYS) {
  test(`${way}: a program pings, lists and adds addresses`, async () => {
    const key = await customer.generate('default');
    const told = await php([
      { way, params: { action: 'ping' } },
      { way, params: own(key, 'token_list_ips') },
      { way, params: own(key, 'token_add_ip', { ipaddr: '203.0.113.7' }) },
      { way, params: own(key, 'token_add_ip', { ipaddr: '2001:db8::/32' }) },
      { way, params: own(key, 'token_list_ips') },
    ]);
    const list = ['203.0.113.7', '2001:db8::/32'];
    assert.deepEqual(told, [ok('pong'), ok([]), ok(list[0]), ok(list[1]), ok(list)]);
    assert.deepEqual(await customer.uses(key), [4, '127.0.0.1']);
  });

  test(`${way}: what is refused is told by a negative status, and nothing is stored`, async () => {
    const key = await customer.generate('default');
    const add = own(key, 'token_add_ip', { ipaddr: '203.0.113.7' });
    const asked = [
      [own(key, 'message_send'), -1, 'unknown_action'],
      [own(key, 'token_add_ip'), -2, 'missing_parameter'],
      [{ action: 'token_list_ips', username: 'demouser' }, -2, 'missing_parameter'],
      [{ action: 'token_list_ips', password: key.token }, -2, 'missing_parameter'],
      [{ ...add, password: `${key.token}x` }, -4, 'wrong_credentials'],
      [{ ...add, username: 'other' }, -4, 'wrong_credentials'],
      [{ ...add, ipaddr: '203.0.113.777' }, -9, 'bad_address'],
      [{ ...add, ipaddr: '203.0.113.7/24' }, -9, 'bad_address'],
    ];
    const told = await php(asked.map(([params]) => ({ way, params })));
    told.forEach((answer, number) => refused(answer, asked[number][1], asked[number][2]));
    assert.deepEqual(told[4], told[5], 'a wrong username reads as a wrong key');
    assert.deepEqual(await customer.uses(key), [0, null], 'neither counted nor locked');
    assert.deepEqual(await ask(way, own(key, 'token_list_ips')), ok([]));
  });

  test(`${way}: several commands at once are one use`, async () => {
    const key = await customer.generate('default');
    const data = (list) => own(key, 'execute_multiple', { data: JSON.stringify(list) });
    const add = { command: 'token_add_ip', params: { ipaddr: '203.0.113.7' } };
    const list = { command: 'token_list_ips', params: [] };
    const asked = [own(key, 'execute_multiple'), data([]), data([add, { command: 'nothing' }])];
    const told = await php(asked.map((params) => ({ way, params })));
    [[-2, 'missing_parameter'], [-3, 'bad_parameter'], [-1, 'unknown_action']].forEach((how, number) => refused(told[number], ...how));
    assert.deepEqual(await ask(way, data([add, list])), ok([ok('203.0.113.7'), ok(['203.0.113.7'])]));
    assert.deepEqual(await customer.uses(key), [1, '127.0.0.1']);
  });

  test(`${way}: an application gets the key that a customer allows it, once`, async () => {
    const [key, plain] = [await customer.generateManaging(), await customer.generate('default')];
    const asks = { action: 'user_authorize_application', application_name: 'Magazinul meu', return_url: 'https://shop.example/' };
    const { details: request_key } = await ask(way, asks);
    const fetch = { action: 'user_get_api_key', request_key };
    const allow = (by) => own(by, 'user_allow_token_request', { request_key });
    const told = await php([fetch, allow(plain), allow(key), allow(key), fetch, fetch].map((params) => ({ way, params })));
    refused(told[0], -11, 'pending');
    refused(told[1], -7, 'not_permitted');
    assert.deepEqual(told[2], ok('Magazinul meu'));
    refused(told[3], -12, 'unknown_request');
    refused(told[5], -12, 'unknown_request');
    const token = told[4].details;
    assert.deepEqual(told[4], ok(token));
    const verdict = await latchkey.verify(gateway, token, '203.0.113.7');
    assert.deepEqual([verdict.code, verdict.key_type, verdict.description], ['VALID', 'app', 'Magazinul meu']);
    assert.deepEqual(await customer.uses(plain), [0, null], 'it was not used');
  });

  test(`${way}: what an application asks for in vain stores nothing`, async () => {
    const key = await customer.generateManaging();
    const asked = [
      [{ action: 'user_authorize_application' }, -2, 'missing_parameter'],
      [{ action: 'user_authorize_application', application_name: 'x'.repeat(65) }, -3, 'bad_parameter'],
      [{ action: 'user_authorize_application', application_name: 'x', icon_url: 'javascript:alert(1)' }, -3, 'bad_parameter'],
      [{ action: 'user_get_api_key' }, -2, 'missing_parameter'],
      [{ action: 'user_get_api_key', request_key: 'x' }, -12, 'unknown_request'],
      [own(key, 'user_allow_token_request'), -2, 'missing_parameter'],
      [{ ...own(key, 'user_allow_token_request', { request_key: 'x' }), password: `${key.token}x` }, -4, 'wrong_credentials'],
      [{ ...own(key, 'user_allow_token_request', { request_key: 'x' }), username: 'other' }, -4, 'wrong_credentials'],
    ];
    const told = await php(asked.map(([params]) => ({ way, params })));
    told.forEach((answer, number) => refused(answer, asked[number][1], asked[number][2]));
    assert.deepEqual(await customer.uses(key), [0, null]);
    refused(await ask(way, own(key, 'user_allow_token_request', { request_key: 'x' })), -12, 'unknown_request');
  });

  test(`${way}: an address is added from where the key passes alone`, async () => {
    const key = await customer.generate('default');
    assert.deepEqual(await ask(way, own(key, 'token_list_ips')), ok([]));
    const add = own(key, 'token_add_ip', { ipaddr: '127.0.0.2' });
    refused(await ask(way, add, '127.0.0.2'), -5, 'address_not_allowed');
    assert.deepEqual(await ask(way, add), ok('127.0.0.2'));
    assert.deepEqual(await ask(way, own(key, 'token_list_ips'), '127.0.0.2'), ok(['127.0.0.2']));
  });
}

test('commands that were queued are carried out together, as one use', async () => {
  const key = await customer.generate('default');
  const params = own(key, 'execute_multiple');
  const queue = [['ping'], ['token_add_ip', { ipaddr: '203.0.113.7' }], ['token_list_ips']];
  const nested = [...queue, ['execute_multiple', { data: '[]' }]];
  const [all, more, inside] = await php([
    { way: 'queue', params, queue },
    { way: 'queue', params, queue: Array(51).fill(['ping']) },
    { way: 'queue', params, queue: nested },
  ]);
  assert.deepEqual(all, ok([ok('pong'), ok('203.0.113.7'), ok(['203.0.113.7'])]));
  refused(more, -3, 'bad_parameter');
  refused(inside, -3, 'bad_parameter');
  assert.deepEqual(await customer.uses(key), [1, '127.0.0.1']);
});
