import { test as base, expect } from '@playwright/test';
import { Gateway } from './gateway';
import { Latchkey } from './latchkey.js';
import { Portal } from './portal';
import { Watch } from './watch';

type Fixtures = {
  /** A file of settings, if there is one. */
  config: string | undefined;
  /** A Latchkey of this test's own, empty. */
  latchkey: Latchkey;
  /** What must not happen in the browser meanwhile. */
  watch: Watch;
  /** The pages, as a customer uses them. */
  portal: Portal;
  /** nginx with Latchkey behind it, in front of a small API. */
  gateway: Gateway;
};

export const test = base.extend<Fixtures>({
  config: async ({}, use) => use(undefined),
  latchkey: async ({ config }, use, info) => {
    const latchkey = await Latchkey.start({ more: config ? ['--config', config] : [] });
    await use(latchkey);
    const how = await latchkey.stop();
    if (info.errors.length > 0) await info.attach('log of latchkey', { body: latchkey.log });
    expect(how, 'the exit code after SIGTERM').toBe(0);
    expect(latchkey.log, 'the log').not.toMatch(/ERROR|panicked/);
  },
  baseURL: async ({ latchkey }, use) => use(latchkey.url),
  watch: async ({}, use) => use(new Watch()),
  context: async ({ context, latchkey, watch, javaScriptEnabled }, use) => {
    await watch.over(context, latchkey.url, javaScriptEnabled !== false);
    await use(context);
    expect(watch.problems()).toEqual([]);
  },
  portal: async ({ page, latchkey, javaScriptEnabled }, use) => {
    await use(new Portal(page, latchkey, javaScriptEnabled !== false));
  },
  gateway: async ({ latchkey }, use) => {
    const gateway = await Gateway.start(latchkey.url);
    await use(gateway);
    await gateway.stop();
  },
});

export { expect };
