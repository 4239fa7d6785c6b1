import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures';
import type { Portal } from '../support/portal';
import type { Latchkey } from '../support/latchkey.js';

// WCAG 2.2 AA as axe-core sees it, on every page, in both schemes, wide and narrow.
// It comes in through the debugger's door, so the pages keep their Content Security Policy.
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = [1280, 320];

/** The table of pages, app/src/page_table.rs; a test there holds this file to it. */
const PAGES: { path: string; title: string | null; seen_by: string }[] = JSON.parse(
  readFileSync(new URL('../pages.json', import.meta.url), 'utf8'),
);

async function judge(page: Page, what: string) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(AXE);
    const violations = await page.evaluate(async (values) => {
      const axe = (window as any).axe;
      const result = await axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
      return result.violations.flatMap((rule: any) =>
        rule.nodes.map((node: any) => `${rule.id}: ${node.html} ${node.failureSummary}`),
      );
    }, RULES);
    expect.soft(violations, `${what} at ${width}`).toEqual([]);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect.soft(over, `${what} at ${width}: what sticks out`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** A key of every kind: used, refused, with a long name, with a full allow list. */
async function fill(portal: Portal, latchkey: Latchkey) {
  const { page } = portal;
  await portal.openList();
  const token = await portal.generate('WEB');
  const gateway = await latchkey.addGateway('test');
  await latchkey.verify(gateway, token, '2001:db8:1234:5678:9abc:def0:1234:5678');
  await latchkey.verify(gateway, token, '192.0.2.1');
  const cloud = await portal.generate('Phone', 'Cloud');
  await latchkey.verify(gateway, cloud, '203.0.113.7');
  await portal.generate('W'.repeat(100), 'SMPP');
  await portal.open('/account/api-keys');
  await portal.openKey('WEB');
  for (const address of ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', '198.51.100.0/24']) {
    await portal.field('Address or network').fill(address);
    await portal.button('Authorise').click();
    await expect(portal.button(`Remove ${address}`)).toBeVisible();
  }
  return new URL(page.url()).pathname;
}

for (const scheme of ['light', 'dark'] as const) {
  test.describe(scheme, () => {
    test.use({ colorScheme: scheme });

    test('the pages at the door are accessible', async ({ page, portal, latchkey, watch }) => {
      watch.expects(422, 404);
      await portal.open(latchkey.setupLink);
      await judge(page, 'set-up');
      await portal.button('Create account').click();
      await expect(portal.field('Username')).toHaveAttribute('aria-invalid', 'true');
      await judge(page, 'set-up refused');
      await portal.firstAccount();
      await judge(page, 'empty dashboard');
      await portal.openList();
      await judge(page, 'empty list');
      await portal.open(latchkey.setupLink);
      await judge(page, 'closed set-up link');
      await portal.open('/no-such-page');
      await portal.at('Not found');
      await judge(page, 'no such page');
      await portal.logOut();
      await judge(page, 'login');
      await portal.logIn('demouser', 'wrong password');
      await expect(page.getByRole('alert')).toBeVisible();
      await judge(page, 'login refused');
    });

    test('the pages of a customer are accessible', async ({ page, portal, latchkey, watch }) => {
      watch.expects(422);
      await portal.firstAccount();
      const key = await fill(portal, latchkey);
      await judge(page, 'key');
      await portal.button('Show').click();
      await expect(page.getByText('Anybody who has this key')).toBeVisible();
      await portal.field('Address or network').fill('10.0.0.5/8');
      await portal.button('Authorise').click();
      await expect(portal.field('Address or network')).toHaveAttribute('aria-invalid', 'true');
      await judge(page, 'key shown, and an address refused');
      await portal.open(`${key}/delete`);
      await judge(page, 'delete question');
      await portal.openList();
      await judge(page, 'list');
      await portal.open('/account/api-keys?q=nothing+like+it');
      await judge(page, 'list without a match');
      await portal.open('/account/api-keys/selected/confirm?act=delete&all=1');
      await portal.at('Several API Keys');
      await judge(page, 'question about several keys');
      await portal.open('/account/api-keys');
      await portal.openKey('Phone');
      await judge(page, 'Cloud key');
      await portal.open('/');
      await judge(page, 'dashboard');
      await portal.navigation.getByRole('link', { name: 'Account' }).focus();
      await expect(portal.button('Logout')).toBeVisible();
      await judge(page, 'open menu');
      await portal.open('/account/api-keys/new');
      await judge(page, 'generate');
      await portal.button('Generate').click();
      await expect(portal.field('Description')).toHaveAttribute('aria-invalid', 'true');
      await judge(page, 'generate refused');
      await portal.field('Description').fill('Fresh');
      await portal.button('Generate').click();
      await portal.at('Your API Keys');
      await judge(page, 'list with a whole key');
    });

    test('the profile is accessible', async ({ page, portal, watch }) => {
      watch.expects(422);
      await portal.firstAccount();
      await portal.open('/account/profile');
      await judge(page, 'profile');
      await portal.field('New mail address').fill('nobody');
      await page.getByRole('button', { name: 'Save', exact: true }).first().click();
      await expect(portal.field('New mail address')).toHaveAttribute('aria-invalid', 'true');
      await judge(page, 'profile with a refused mail address');
      await portal.field('New mail address').fill('nobody@example.org');
      await page.getByRole('button', { name: 'Save', exact: true }).first().click();
      await expect(page.getByText('Your mail address is saved.')).toBeVisible();
      await judge(page, 'profile with a mail address');
      await portal.open('/account/profile/history');
      await judge(page, 'history');
      await portal.open('/account/profile/confirm?token=old');
      await judge(page, 'link that is not valid any more');
    });

    test('what a customer is told is accessible', async ({ page, portal, latchkey }) => {
      await portal.firstAccount();
      await portal.open('/account/notifications');
      await judge(page, 'no notifications');
      await fill(portal, latchkey);
      await expect(async () => {
        await portal.open('/account/api-keys');
        await expect(page.locator('.unread')).toHaveCount(1, { timeout: 100 });
      }).toPass();
      await judge(page, 'list with an unread notification');
      await portal.open('/account/notifications');
      await expect(portal.button('Delete the key')).toBeVisible();
      await judge(page, 'notifications');
      await portal.open('/account/notifications/choices');
      await judge(page, 'how one is told');
    });

    test('what an account needs now and then is accessible', async ({ page, portal, watch }) => {
      watch.expects(404, 422);
      await portal.firstAccount();
      await portal.openList();
      await portal.generate('WEB');
      const key = await portal.link('WEB').getAttribute('href');
      await portal.open(`${key}/usage`);
      await judge(page, 'use of a key');
      await portal.open('/account/sub-users');
      await judge(page, 'no sub-users');
      await portal.button('Invite').click();
      await judge(page, 'refused invitation');
      await portal.field('Username').fill('guest');
      await portal.button('Invite').click();
      const link = await page.locator('.notice code').innerText();
      await judge(page, 'invitation');
      const asked = await page.request.post('/oauth/device_authorization', { form: { client_name: 'Zapier' } });
      await portal.open(`/account/applications/approve?user_code=${(await asked.json()).user_code}`);
      await judge(page, 'code of an application');
      await portal.button('Continue').click();
      await portal.at('Let “Zapier” use your account?');
      await judge(page, 'an application that asks');
      await portal.button('Approve').click();
      await portal.at('Approved');
      await judge(page, 'an application that was approved');
      await portal.open('/account/applications');
      await judge(page, 'applications');
      await portal.open('/account/webhooks');
      await judge(page, 'webhooks');
      await portal.open('/account/profile');
      await portal.button('Set up two-factor login').click();
      await judge(page, 'second factor that is not confirmed');
      await page.context().clearCookies();
      await portal.open(new URL(link).pathname + new URL(link).search);
      await judge(page, 'invited');
      await portal.open('/invitation?token=old');
      await judge(page, 'closed invitation');
    });

    test('every page of the table is accessible as it opens', async ({ page, portal, watch, latchkey }) => {
      // Two pages open by the links of letters alone.
      watch.expects(404);
      await portal.firstAccount();
      await latchkey.addUser('junior', 'another long password', 'demouser');
      await portal.openList();
      await portal.generate('WEB');
      const key = await portal.link('WEB').getAttribute('href');
      await portal.open('/account/webhooks');
      await portal.field('Address').fill('https://hooks.example.com/keys');
      await portal.button('Add webhook').click();
      const webhook = await page.locator('main a[href^="/account/webhooks/"]').first().getAttribute('href');
      for (const { path, title, seen_by } of PAGES) {
        const named = path === '/account/sub-users/remove' ? `${path}?user=junior` : path;
        await portal.open(named.replace('/account/api-keys/:id', key!).replace('/account/webhooks/:id', webhook!));
        if (seen_by === 'users' && title) await portal.at(title);
        await judge(page, path);
      }
    });
  });
}
