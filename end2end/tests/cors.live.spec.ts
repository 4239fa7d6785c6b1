import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Customer } from '../gateways/site.mjs';
import { expect, test as base } from '../support/fixtures';
import { Gateway } from '../support/gateway';

// A page of another site that calls the API behind the documented nginx, in a real browser.

type Fixtures = {
  /** The setting cors_preflights. */
  preflights: 'pass' | 'ask';
  /** Has the page call this address with a key; what it could read of the answer. */
  call: (url: string, key: string) => Promise<{ status: number; code: string | null }>;
};

const test = base.extend<Fixtures>({
  preflights: ['pass', { option: true }],
  // nginx asks from an address of its own, so that 127.0.0.1, where the browser is, is a client's.
  config: async ({ preflights }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-cors-'));
    const file = join(folder, 'latchkey.toml');
    await writeFile(file, `cors_preflights = "${preflights}"\ntrusted_proxies = "127.0.0.2"\n`);
    await use(file);
    await rm(folder, { recursive: true });
  },
  gateway: async ({ latchkey }, use) => {
    const asking = 'proxy_pass http://latchkey/';
    const gateway = await Gateway.start(latchkey.url, (text) => text.replace(asking, `proxy_bind 127.0.0.2; ${asking}`));
    await use(gateway);
    await gateway.stop();
  },
  call: async ({ browser }, use) => {
    const site = createServer((_, response) => response.end('<!doctype html><title>Elsewhere</title>'));
    await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
    const context = await browser.newContext({ extraHTTPHeaders: {} });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await use((url, key) =>
      page.evaluate(
        ([url, key]) =>
          fetch(url, { method: 'DELETE', headers: { 'x-api-key': key } }).then(
            (answer) => ({ status: answer.status, code: answer.headers.get('x-latchkey-code') }),
            (error) => ({ status: 0, code: String(error) }),
          ),
        [url, key],
      ),
    );
    await context.close();
    site.closeAllConnections();
    await new Promise((done) => site.close(done));
  },
});

test('a page of another site calls with a key, and reads why it was refused', async ({ latchkey, gateway, call }) => {
  const customer = await Customer.add(latchkey, 'demouser');
  const key = await customer.generate('default');
  expect(await call(gateway.url, key.token)).toEqual({ status: 200, code: null });
  expect((await customer.uses(key))[0], 'the preflight is no use').toBe(1);
  expect(await call(gateway.url, 'rubbish')).toEqual({ status: 401, code: 'MALFORMED' });
  await customer.delete(key);
  expect(await call(gateway.url, key.token)).toEqual({ status: 401, code: 'DELETED' });
});

test.describe('where preflights need a key', () => {
  test.use({ preflights: 'ask' });
  test('the page calls nothing and reads nothing', async ({ latchkey, gateway, call }) => {
    const customer = await Customer.add(latchkey, 'demouser');
    const key = await customer.generate('default');
    expect(await call(gateway.url, key.token)).toEqual({ status: 0, code: 'TypeError: Failed to fetch' });
    expect((await customer.uses(key))[0]).toBe(0);
  });
});
