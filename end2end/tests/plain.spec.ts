import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures';

// Without JavaScript, and without a pointer: every page is reached by the keyboard alone.

/** Presses Tab until the element with this name has the focus. */
async function tabTo(page: Page, role: 'link' | 'button' | 'textbox' | 'combobox', name: string) {
  const wanted = page.getByRole(role, { name, exact: true }).and(page.locator(':focus'));
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if ((await wanted.count()) > 0) return;
  }
  throw new Error(`Tab never came to the ${role} “${name}”`);
}

test('the menu is a plain list that is always there', async ({ portal }) => {
  await portal.firstAccount();
  for (const name of ['Dashboard', 'Account', 'API Keys']) {
    await expect(portal.navigation.getByRole('link', { name, exact: true })).toBeVisible();
  }
  await expect(portal.navigation.getByRole('button', { name: 'Logout' })).toBeVisible();
  await portal.navigation.getByRole('link', { name: 'Account' }).click();
  await portal.at('Your API Keys');
});

test('nothing is offered that needs JavaScript', async ({ portal, page }) => {
  await portal.firstAccount();
  await portal.openList();
  await portal.generate('WEB');
  await expect(page.getByRole('button', { name: 'Copy' })).toHaveCount(0);
});

test('a double click generates one key, and shows it', async ({ portal }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys/new');
  await portal.field('Description').fill('WEB');
  await portal.button('Generate').dblclick();
  await portal.at('Your API Keys');
  await expect(portal.recordLine).toContainText('showing 1 records out of 1 total');
  await expect(portal.row('WEB')).toHaveClass(/fresh/);
});

test('the keyboard alone does everything', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.logOut();
  const { keyboard } = page;
  await tabTo(page, 'textbox', 'Username');
  await keyboard.type(portal.username);
  await tabTo(page, 'textbox', 'Password');
  await keyboard.type(portal.password);
  await keyboard.press('Enter');
  await portal.at('Dashboard');

  await tabTo(page, 'link', 'API Keys');
  await keyboard.press('Enter');
  await portal.at('Your API Keys');
  await tabTo(page, 'link', 'Generate a new API Key');
  await keyboard.press('Enter');
  await portal.at('Generate an API Key');
  await tabTo(page, 'textbox', 'Description');
  await keyboard.type('WEB');
  await tabTo(page, 'combobox', 'Type');
  await tabTo(page, 'button', 'Generate');
  await keyboard.press('Enter');
  await portal.at('Your API Keys');

  await tabTo(page, 'link', 'WEB');
  await keyboard.press('Enter');
  await portal.at('WEB');
  await tabTo(page, 'textbox', 'Address or network');
  await keyboard.type('192.0.2.7');
  await keyboard.press('Enter');
  await tabTo(page, 'button', 'Remove 192.0.2.7');
  await keyboard.press('Enter');
  await expect(page.getByText('No further address is authorised.')).toBeVisible();
  await tabTo(page, 'link', 'Delete');
  await keyboard.press('Enter');
  await portal.at('Delete an API Key');
  await tabTo(page, 'link', 'Keep the key');
  await keyboard.press('Enter');
  await portal.at('WEB');
  await tabTo(page, 'link', 'Delete');
  await keyboard.press('Enter');
  await tabTo(page, 'button', 'Delete');
  await keyboard.press('Enter');
  await portal.at('Your API Keys');
  await expect(portal.row('WEB')).toHaveCount(0);
  await tabTo(page, 'button', 'Logout');
  await keyboard.press('Enter');
  await portal.at('Login');
});

test('the first Tab offers to skip to the content', async ({ page, portal }) => {
  await portal.firstAccount();
  await portal.open('/');
  await page.keyboard.press('Tab');
  const skip = portal.link('Skip to the content');
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/#main');
  await page.keyboard.press('Tab');
  await expect(portal.link('Generate your first API Key')).toBeFocused();
});
