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

before(async () => {
  // Loopback is no proxy here: who asks from there is the client.
  latchkey = await Latchkey.start({ more: ['--trusted-proxy', '192.0.2.99'] });
  await latchkey.halt();
  await latchkey.resume({ LATCHKEY_SENDSMS_ACTIONS: 'true', LATCHKEY_API_REQUESTS_PER_MINUTE: '0' });
  customer = await Customer.add(latchkey, 'demouser');
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
