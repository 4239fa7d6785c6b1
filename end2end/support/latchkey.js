// One running Latchkey with a data directory of its own. Plain JavaScript, because shoot.mjs uses it too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adopt } from './children.js';

const here = fileURLToPath(new URL('..', import.meta.url));
export const BINARY = resolve(here, process.env.LATCHKEY_BIN ?? '../target/release/latchkey');

// The contract: stopped within 10 seconds.
const STOP_LIMIT = 10_000;
const START_LIMIT = 15_000;

// Settings of whoever runs the tests must not reach the binary.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')),
);

export class Latchkey {
  /** Where it listens. */
  url = '';
  /** Where the first account is created. */
  setupLink = '';

  /**
   * Starts one on an empty data directory; the options say which file, where it runs and where it listens.
   * @param {{ binary?: string, folder?: string, listen?: string, more?: string[] }} [options]
   */
  static async start({ binary = BINARY, folder, listen = '127.0.0.1:0', more = [] } = {}) {
    const latchkey = new Latchkey();
    latchkey.binary = binary;
    latchkey.args = ['serve', '--listen', listen, ...more];
    latchkey.dataDir = await mkdtemp(join(tmpdir(), 'latchkey-data-'));
    try {
      await latchkey.#serve(folder ?? latchkey.dataDir);
    } catch (error) {
      latchkey.process?.kill('SIGKILL');
      await latchkey.#removeData();
      throw error;
    }
    return latchkey;
  }

  async #serve(cwd, settings = {}) {
    const args = [...this.args, '--data-dir', this.dataDir];
    const stdio = ['ignore', 'pipe', 'pipe'];
    const env = { ...environment, ...settings };
    this.process = adopt(spawn(this.binary, args, { cwd, env, stdio }));
    this.output = this.log = '';
    this.process.stderr.on('data', (data) => (this.log += data));
    this.exited = new Promise((done) => {
      this.process.on('error', (error) => done(`could not start: ${error.message}`));
      this.process.on('exit', (code, signal) => done(code ?? signal));
    });
    await this.#announced();
  }

  // Both lines belong to the contract: the address, and on an empty database the set-up link.
  #announced() {
    return new Promise((done, fail) => {
      const wrong = (why) => fail(new Error(`${this.binary} ${why}\n${this.output}${this.log}`));
      const late = setTimeout(() => wrong('did not announce itself in time'), START_LIMIT);
      this.exited.then((how) => wrong(`ended: ${how}`)).finally(() => clearTimeout(late));
      this.process.stdout.on('data', (data) => {
        this.output += data;
        const place = /^Latchkey \S+ listens on (127\.0\.0\.1:\d+);.*\n/m.exec(this.output)?.[1];
        this.url = place ? `http://${place}` : '';
        this.setupLink = /^Create the first account: (https?:\S+)\n/m.exec(this.output)?.[1] ?? '';
        // Where there are accounts, no link is announced.
        if (this.url && (this.setupLink || this.restarted)) {
          clearTimeout(late);
          done();
        }
      });
    });
  }

  get pid() {
    return this.process.pid;
  }

  /** Runs a verb of the command line on the same data; answers its standard output. */
  async run(args, input = '') {
    const { code, out, err } = await this.tryRun(args, input);
    if (code !== 0) throw new Error(`latchkey ${args.join(' ')} ended with ${code}: ${err}`);
    return out;
  }

  /** The same for a verb that may fail, with more in its environment. */
  async tryRun(args, input = '', more = {}) {
    const env = { ...environment, ...more };
    const verb = spawn(this.binary, [...args, '--data-dir', this.dataDir], { env });
    let out = '';
    let err = '';
    verb.stdout.on('data', (data) => (out += data));
    verb.stderr.on('data', (data) => (err += data));
    verb.stdin.on('error', () => {}); // a verb that reads nothing closes it early
    verb.stdin.end(input);
    const [code] = await once(verb, 'close');
    return { code, out, err };
  }

  async addUser(name, password, owner) {
    const owned = owner ? ['--owner', owner] : [];
    await this.run(['user', 'add', name, ...owned, '--password-stdin'], `${password}\n`);
  }

  async addGateway(name) {
    return (await this.run(['gateway', 'add', name])).trim();
  }

  /** Asks as a backend does, over `POST /v1/verify`. */
  async verify(gatewayToken, key, clientIp, username) {
    const response = await fetch(`${this.url}/v1/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gatewayToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, client_ip: clientIp, username }),
    });
    return response.json();
  }

  /** Asks it to stop; answers its exit code, or the signal that had to end it. */
  async stop() {
    const how = await this.halt();
    await this.#removeData();
    return how;
  }

  /** The same, and its data stays. */
  async halt() {
    this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT);
    const how = await this.exited;
    clearTimeout(late);
    return how;
  }

  /** Starts it again on its data, with these settings in the environment. */
  async resume(settings = {}) {
    this.restarted = true;
    await this.#serve(this.dataDir, settings);
  }

  async #removeData() {
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
