import type { Page, Route } from '@playwright/test';
import { expect, test } from '../support/fixtures';
import type { Portal } from '../support/portal';

// What JavaScript adds: the same forms, answered without loading a page.

/** A mark on the window, which no page load survives. */
async function mark(page: Page) {
  await page.evaluate(() => ((window as any).marked = true));
  return async () => expect(await page.evaluate(() => (window as any).marked), 'the same page').toBe(true);
}

/** Holds back the answers to a server function until it is released. */
async function hold(page: Page, name: string) {
  const held: Route[] = [];
  let release!: () => void;
  const released = new Promise<void>((done) => (release = done));
  await page.route(`**/portal/${name}*`, async (route) => {
    held.push(route);
    await released;
    await route.continue();
  });
  return { held, release };
}

test('a whole visit loads no second page', async ({ page, portal, latchkey, watch }) => {
  await portal.firstAccount();
  const stillSame = await mark(page);
  await portal.openList();
  const token = await portal.generate('WEB');
  await stillSame();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page).toHaveURL(/\/account\/api-keys\?made=\w{32}$/);

  const gateway = await latchkey.addGateway('test');
  await latchkey.verify(gateway, token, '192.0.2.1');
  await portal.openKey('WEB');
  await portal.field('Address or network').fill('192.0.2.2');
  await portal.button('Authorise').click();
  await expect(portal.button('Remove 192.0.2.2')).toBeVisible();
  await expect(portal.field('Address or network')).toHaveValue('');
  await expect(page.getByRole('status').filter({ hasText: 'The address is authorised' })).toBeAttached();
  await portal.button('Show').click();
  await expect(portal.shown(token)).toBeVisible();
  await portal.button('Remove 192.0.2.2').click();
  await expect(portal.button('Remove 192.0.2.2')).toHaveCount(0);
  await portal.button('Release lock').click();
  await expect(page.getByText('The key is not locked yet.')).toBeVisible();
  // What was shown stays shown while other parts of the page change.
  await expect(portal.shown(token)).toBeVisible();
  await page.getByRole('radio', { name: 'its whole /64 network' }).check();
  await portal.button('Save: On IPv6, the lock means').click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeAttached();
  await stillSame();

  await portal.openList();
  // The question before a deletion and what follows it are pages of their own.
  await portal.deleteKey('WEB');
  await expect(page.getByRole('status').filter({ hasText: '1 key deleted' })).toBeVisible();
  expect((await latchkey.verify(gateway, token, '192.0.2.1')).code).toBe('DELETED');
  const sameAgain = await mark(page);
  await portal.link('Generate a new API Key').click();
  watch.expects(422);
  await portal.button('Generate').click();
  await expect(portal.field('Description')).toBeFocused();
  await sameAgain();
});

test('a fresh token can be gone back to until its reader has it', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  const stillSame = await mark(page);
  await portal.openKey('WEB');
  await page.goBack();
  await portal.at('Your API Keys');
  await expect(portal.shown(token)).toBeVisible();
  await portal.button('I have it').click();
  await expect(page.getByText(token)).toHaveCount(0);
  await expect(page).toHaveURL('/account/api-keys');
  await expect(portal.row('WEB')).toBeVisible();
  await portal.openKey('WEB');
  await page.goBack();
  await portal.at('Your API Keys');
  await expect(page.getByText(token)).toHaveCount(0);
  await stillSame();
});

test('a refused form shows its message at the field and leads there', async ({ page, portal, watch }) => {
  await portal.firstAccount();
  await portal.openList();
  await portal.generate('WEB');
  await portal.openKey('WEB');
  const stillSame = await mark(page);
  watch.expects(422);
  const field = portal.field('Address or network');
  await field.fill('10.0.0.5/8');
  await portal.button('Authorise').click();
  await expect(field).toHaveAccessibleDescription(/Did you mean 10\.0\.0\.0\/8\?/);
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('10.0.0.5/8');
  await field.fill('10.0.0.0/8');
  await page.keyboard.press('Enter');
  await expect(portal.button('Remove 10.0.0.0/8')).toBeVisible();
  await expect(field).not.toHaveAttribute('aria-invalid');
  await stillSame();
});

test('a button says that it works, and sends once', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys/new');
  const { held, release } = await hold(page, 'generate_key');
  await portal.field('Description').fill('WEB');
  await portal.button('Generate').click();
  const busy = portal.button('Working…');
  await expect(busy).toHaveAttribute('aria-busy', 'true');
  await expect(busy).toBeFocused();
  await busy.click({ force: true }); // Playwright would wait for it
  await portal.field('Description').press('Enter');
  release();
  await portal.at('Your API Keys');
  expect(held).toHaveLength(1);
  await expect(portal.recordLine).toContainText('out of 1 total');
});

test('what was typed before the program arrived stays', async ({ page, portal }) => {
  await portal.firstAccount();
  let release!: () => void;
  const released = new Promise<void>((done) => (release = done));
  await page.route('**/*.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await page.goto('/account/api-keys/new', { waitUntil: 'commit' });
  await portal.field('Description').fill('WEB');
  await portal.field('Type').selectOption('smpp');
  release();
  await portal.live();
  await expect(portal.field('Description')).toHaveValue('WEB');
  await expect(portal.field('Type')).toHaveValue('smpp');
  await portal.button('Generate').click();
  await portal.at('Your API Keys');
  await expect(await portal.cell('WEB', 'Type')).toHaveText('SMPP');
});

function menuOf({ page, navigation }: Portal) {
  const account = navigation.getByRole('link', { name: 'Account' });
  const keys = navigation.getByRole('link', { name: 'API Keys' });
  return {
    account,
    keys,
    shut: async () => {
      await expect(keys).toBeHidden();
      await expect(account).toHaveAttribute('aria-expanded', 'false');
    },
    open: async () => {
      await expect(keys).toBeVisible();
      await expect(account).toHaveAttribute('aria-expanded', 'true');
    },
    leave: () => page.mouse.move(640, 700),
  };
}

test('the menu opens on hover, focus and click', async ({ page, portal }) => {
  await portal.firstAccount();
  const { account, keys, shut, open, leave } = menuOf(portal);
  await shut();
  await account.hover();
  await open();
  await leave();
  await shut();
  await account.focus();
  await open();
  await page.keyboard.press('Tab');
  await expect(keys).toBeFocused();
  await page.keyboard.press('Escape');
  await shut();
  await expect(account).toBeFocused();
  await page.keyboard.press('Enter');
  await open();
  await page.keyboard.press('Enter');
  await shut();
  await account.click();
  await open();
  await expect(page).toHaveURL('/');
  await keys.click();
  await portal.at('Your API Keys');
  await leave();
  await shut();
});

// WCAG 1.4.13: what the pointer opened must close without moving the pointer.
test('Escape closes the menu that the pointer opened', async ({ page, portal }) => {
  await portal.firstAccount();
  const { account, shut, open } = menuOf(portal);
  await account.hover();
  await open();
  await page.keyboard.press('Escape');
  await shut();
});

test('without the clipboard, the copy button selects the key', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.openList();
  const token = await portal.generate('WEB');
  // As over plain HTTP, other than on this machine.
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  const shown = page.locator('.notice').filter({ has: page.locator('.whole-token') });
  await shown.getByRole('button', { name: 'Copy' }).click();
  await expect(shown.getByText('Selected: press Ctrl+C')).toBeVisible();
  expect(await page.evaluate(() => getSelection()!.toString())).toBe(token);
});

test('a lost connection is said, and can be tried again', async ({ page, portal, watch }) => {
  await portal.firstAccount();
  watch.expects('net::ERR_FAILED');
  await page.route('**/portal/list_keys*', (route) => route.abort('failed'));
  await portal.navigation.getByRole('link', { name: 'Account' }).hover();
  await portal.navigation.getByRole('link', { name: 'API Keys' }).click();
  await portal.at('That did not work');
  await expect(page.getByRole('alert')).toHaveText(/The service could not be reached/);
  await page.unroute('**/portal/list_keys*');
  await portal.link('Try again').click();
  await portal.at('Your API Keys');
});

test('a session that ended leads to the login and back', async ({ page, portal, watch, latchkey }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys/new');
  await latchkey.run(['user', 'reset-password', portal.username, '--password-stdin'], 'a whole new password\n');
  watch.expects(401);
  await portal.field('Description').fill('WEB');
  await portal.button('Generate').click();
  await portal.at('Login');
  await expect(page).toHaveURL('/login?next=%2Faccount%2Fapi-keys%2Fnew');
  await portal.logIn(portal.username, 'a whole new password');
  await portal.at('Generate an API Key');
});
