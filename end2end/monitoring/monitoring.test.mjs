// The filter for fail2ban reads the log of a server that strangers try, and Prometheus takes the metrics and the rules.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { adopt } from '../support/children.js';
import { Latchkey } from '../support/latchkey.js';

const DOCS = fileURLToPath(new URL('../../docs/monitoring/', import.meta.url));
const ADMIN = /Metrics\S* .*?(http:\/\/127\.0\.0\.1:\d+\/metrics)/;

let latchkey;
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-monitoring-'));
  latchkey = await Latchkey.start({ more: ['--admin-listen', '127.0.0.1:0'] });
});

after(async () => {
  await latchkey.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a program to its end; answers its exit code and all that it printed. */
async function run(program, args, input = '') {
  const child = adopt(spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] }));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, printed: out + err };
}

/** Which addresses the filter finds in a log, in order. */
async function found(lines) {
  const log = join(folder, 'latchkey.log');
  await writeFile(log, lines);
  const { printed } = await run('fail2ban-regex', ['--out', 'ip', log, join(DOCS, 'fail2ban-filter.conf')]);
  return printed.split('\n').filter((line) => /^[0-9a-f.:]+$/.test(line));
}

/** Asks for a page from behind a proxy on loopback, which the server trusts. */
function from(address, path, options = {}) {
  return fetch(latchkey.url + path, {
    redirect: 'manual',
    ...options,
    headers: { 'x-forwarded-for': address, 'sec-fetch-site': 'same-origin', ...options.headers },
  });
}

test('fail2ban finds those who try passwords and gateway tokens, and nobody else', async () => {
  const body = new URLSearchParams({ username: 'nobody', password: 'x client=192.0.2.200 times=1' });
  await from('203.0.113.5', '/login', { method: 'POST', body });
  await from('2001:db8::5', '/login', { method: 'POST', body });
  // Somebody else's site sends a form, and writes into the log what looks like a line about a third.
  const origin = 'https://evil.example"event="login_failed"client=192.0.2.201';
  await from('203.0.113.6', '/login', { method: 'POST', body, headers: { origin, 'sec-fetch-site': 'cross-site' } });
  await fetch(`${latchkey.url}/v1/verify`, { method: 'POST', headers: { authorization: 'Bearer lkg_wrong' } });
  await from('203.0.113.7', '/login');
  const log = () => latchkey.log;
  for (let n = 0; n < 50 && !/gateway_token_wrong/.test(log()); n++) await new Promise((r) => setTimeout(r, 100));
  assert.deepEqual(await found(log()), ['203.0.113.5', '2001:db8::5', '127.0.0.1'], log());
});

test('fail2ban finds nothing in the log of a day without strangers', async () => {
  const quiet = latchkey.log.split('\n').filter((line) => !line.includes('event='));
  assert.ok(quiet.length > 0);
  assert.deepEqual(await found(`${quiet.join('\n')}\n`), []);
});

test('the alert rules are sound, and each rings for its trouble alone', async () => {
  for (const args of [
    ['check', 'rules', '--lint-fatal', join(DOCS, 'prometheus-rules.yml')],
    ['test', 'rules', join(DOCS, 'prometheus-rules.test.yml')],
  ]) {
    const { code, printed } = await run('promtool', args);
    assert.equal(code, 0, printed);
    assert.match(printed, /SUCCESS/);
  }
});

test('Prometheus takes the metrics', async () => {
  const url = ADMIN.exec(latchkey.output + latchkey.log)?.[1];
  assert.ok(url, latchkey.output + latchkey.log);
  const metrics = await (await fetch(url)).text();
  const { code, printed } = await run('promtool', ['check', 'metrics'], metrics);
  assert.equal(code, 0, printed);
  assert.equal(printed, '');
});
