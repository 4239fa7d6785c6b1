// The management API, judged by programs that know its document alone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { adopt } from '../support/children.js';
import { Latchkey } from '../support/latchkey.js';
import { Customer } from '../gateways/site.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = resolve(here, '../..');
const PYTHON = join(root, '.tools/python-api');
// Clients here are the machine itself, which no proxy stands before; and nobody is to wait for the limit of a key.
const SETTINGS = 'trusted_proxies = ""\napi_requests_per_minute = 0\n';

let latchkey, owner, reader, gatewayToken, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-api-'));
  await writeFile(join(folder, 'latchkey.toml'), SETTINGS);
  latchkey = await Latchkey.start({ more: ['--config', join(folder, 'latchkey.toml')] });
  gatewayToken = await latchkey.addGateway('api');
  owner = await Customer.add(latchkey, 'demouser');
  reader = await Customer.add(latchkey, 'reader', 'demouser');
  // What a reader has was made before it only read.
  reader.managing = await managingKey(reader);
  reader.key = await reader.generate('default');
  await owner.post('/account/sub-users?do=set_sub_user_role', { username: 'reader', role: 'reads_only' });
});

after(async () => {
  await latchkey?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function managingKey(customer) {
  const answer = await customer.post('/portal/generate_key', { description: 'program', key_type: 'cloud', manages_keys: 'true' });
  return answer.json();
}

/** Runs a program to its end; answers what it said, and fails with it. */
async function run(command, args, { env = {}, cwd = folder } = {}) {
  const child = adopt(spawn(command, args, { cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } }));
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (data) => (output += data));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `${command} ${args.join(' ')}\n${output}`);
  return output;
}

/** What programs find in their environment. */
const asking = (token) => ({ LATCHKEY_URL: latchkey.url, TOKEN: token, GATEWAY_TOKEN: gatewayToken });

/** Says which keys there are. One is there to be deleted. Where requests follow each other, ids come from answers. */
const known = ({ stays, goes }) => `
[parameters]
"path.id" = "${stays}"

[[operations]]
include-operation-id = "delete_key"
parameters = { "path.id" = "${goes}" }
`;

/** Lets schemathesis ask everything that it can think of; answers how many requests that were. */
async function schemathesis(token, { ids, more = [] }) {
  const config = join(folder, 'schemathesis.toml');
  await writeFile(config, (await readFile(join(here, 'schemathesis.toml'), 'utf8')) + (ids ? known(ids) : ''));
  const env = { ...asking(token), PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1' };
  const asked = ['--url', latchkey.url, '--checks', 'all', '--mode', 'all', '--max-examples', '20', '--seed', '1'];
  const output = await run(
    'python3',
    ['-m', 'schemathesis.cli', '--config-file', config, 'run', `${latchkey.url}/openapi.json`, ...asked, '--no-color', ...more],
    { env },
  );
  const [, made, passed] = /(\d+) generated, (\d+) passed/.exec(output) ?? assert.fail(output);
  assert.equal(passed, made, output);
  return Number(made);
}

const ONE_BY_ONE = ['--phases', 'examples,coverage,fuzzing'];
// The id of the key that asks is told by find_account: a key that deletes itself ends the test.
const IN_A_ROW = ['--phases', 'stateful', '--exclude-operation-id', 'find_account'];

async function stillPasses(key) {
  const answer = await fetch(`${latchkey.url}/v1/account`, { headers: { authorization: `Bearer ${key.token}` } });
  assert.equal(answer.status, 200, await answer.text());
}

test('schemathesis, with a key that manages keys', async () => {
  const key = await managingKey(owner);
  const ids = { stays: (await owner.generate('default')).id, goes: (await owner.generate('default')).id };
  assert.ok((await schemathesis(key.token, { ids, more: ONE_BY_ONE })) > 300);
  assert.ok((await schemathesis(key.token, { more: IN_A_ROW })) > 50);
  await stillPasses(key);
});

test('schemathesis, with the key of a sub-user who only reads', async () => {
  const ids = { stays: reader.key.id, goes: reader.key.id };
  assert.ok((await schemathesis(reader.managing.token, { ids })) > 300);
  await stillPasses(reader.managing);
  assert.deepEqual(await reader.uses(reader.key), [0, null]);
});

test('schemathesis, with no key', async () => {
  const key = await owner.generate('default');
  assert.ok((await schemathesis('', { ids: { stays: key.id, goes: key.id } })) > 300);
  assert.deepEqual(await owner.uses(key), [0, null]);
});

test('a client that openapi-python-client made lists, makes, limits, rotates and deletes a key', async () => {
  const key = await managingKey(owner);
  await writeFile(join(folder, 'generator.yaml'), 'post_hooks: []\n');
  const generate = ['-m', 'openapi_python_client', 'generate', '--url', `${latchkey.url}/openapi.json`];
  const python = { PYTHONPATH: `${PYTHON}:${join(folder, 'client')}`, PYTHONDONTWRITEBYTECODE: '1' };
  const made = await run('python3', [...generate, '--config', 'generator.yaml', '--output-path', 'client'], { env: python });
  assert.doesNotMatch(made, /warning|error|unable/i);
  await run('python3', [join(here, 'client.py')], { env: { ...python, ...asking(key.token) } });
});

test('a client that openapi-typescript typed lists, makes, limits, rotates and deletes a key', async () => {
  const key = await managingKey(owner);
  const typed = join(folder, 'typed');
  await mkdir(typed);
  await writeFile(join(typed, 'package.json'), '{"type": "module"}');
  await symlink(join(root, 'end2end/node_modules'), join(typed, 'node_modules'));
  await cp(join(here, 'client.ts'), join(typed, 'client.ts'));
  const tool = (name) => join(root, 'end2end/node_modules/.bin', name);
  await run(tool('openapi-typescript'), [`${latchkey.url}/openapi.json`, '--output', 'schema.ts'], { cwd: typed });
  const strictly = ['--strict', '--noUncheckedIndexedAccess', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  await run(tool('tsc'), [...strictly, '--outDir', '.', 'client.ts'], { cwd: typed });
  await run(process.execPath, ['client.js'], { cwd: typed, env: asking(key.token) });
});

test('the lines of /docs/api do what the page says of them', async () => {
  const key = await managingKey(owner);
  const page = await (await fetch(`${latchkey.url}/docs/api`)).text();
  const unescape = (text) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#x27;', "'").replaceAll('&amp;', '&');
  const lines = [...page.matchAll(/<pre[^>]*class="curl"[^>]*><code>([^]*?)<\/code>/g)].map(([, text]) => unescape(text));
  assert.equal(lines.length, 14);
  const known = await owner.generate('default');
  const env = { LATCHKEY_KEY: key.token, GATEWAY_TOKEN: gatewayToken, KEY_ID: known.id };
  // A deleted key takes nothing more, and an entry has to be on the list before it is taken off.
  const last = (line) => (line.includes('-X DELETE') ? (line.includes('allowed-ips') ? 1 : 2) : 0);
  lines.sort((one, other) => last(one) - last(other));
  const statuses = [];
  for (const written of lines) {
    // It listens at whatever port is free, and the page names the one of the settings.
    const line = written.replace('http://127.0.0.1:0/', `${latchkey.url}/`);
    const output = await run('sh', ['-c', `${line} --silent --show-error --output /dev/null --write-out '%{http_code}'`], { env });
    statuses.push(output.slice(-3));
  }
  assert.deepEqual(statuses.filter((status) => !status.startsWith('2')), [], JSON.stringify(statuses));
});
