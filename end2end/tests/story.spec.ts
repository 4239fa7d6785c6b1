import { expect, test } from '../support/fixtures';
import { EMPTY_LINE, type Portal } from '../support/portal';
import { passed, refused } from '../support/verdicts';

// The story of the two guides, with a real nginx and real clients at several addresses.

async function expectUses(portal: Portal, name: string, times: number, ip: string, from: number) {
  await expect(await portal.cell(name, 'Times Used')).toHaveText(String(times));
  await expect(await portal.cell(name, 'Locked On IP')).toHaveText(ip);
  const cell = await portal.cell(name, 'Last Used');
  await expect(cell).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const text = await cell.innerText();
  const shown = Date.parse(`${text.replace(' ', 'T')}Z`);
  expect(shown).toBeGreaterThanOrEqual(from - 1000); // shown in whole seconds
  expect(shown).toBeLessThanOrEqual(Date.now());
  const exact = await cell.getByRole('time').getAttribute('datetime');
  expect(Math.floor(Date.parse(exact!) / 1000) * 1000).toBe(shown);
}

test('a key is generated, latched, used from two addresses, and deleted', async ({ page, portal, gateway, context }) => {
  await portal.firstAccount();
  await portal.openList();
  await expect(portal.recordLine).toHaveText(EMPTY_LINE);

  const token = await portal.generate('WEB');
  expect(token).toMatch(/^lkd_[0-9A-Za-z]{42}$/);
  await expect(portal.recordLine).toHaveText(
    'Page 1 of 1, showing 1 records out of 1 total, starting on record 1, ending on 1',
  );
  // Username says nothing where the account has no sub-users.
  await expect(page.getByRole('columnheader', { name: 'Username' })).toHaveCount(0);
  await expect(await portal.cell('WEB', 'Type')).toHaveText('Default Key');
  await expect(await portal.cell('WEB', 'Last Used')).toHaveText('N/A');
  await expect(await portal.cell('WEB', 'Times Used')).toHaveText('0');
  await expect(await portal.cell('WEB', 'Locked On IP')).toHaveText('');
  await expect(portal.row('WEB')).toHaveClass(/fresh/);
  if (portal.scripted) {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('.notice').getByRole('button', { name: 'Copy' }).click();
    await expect(page.locator('.notice').getByText('Copied')).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  }
  // The whole token is shown once.
  await portal.open('/account/api-keys');
  await expect(portal.row('WEB')).not.toHaveClass(/fresh/);
  expect(await page.content()).not.toContain(token);
  await expect(await portal.cell('WEB', 'Key')).toContainText(token.slice(0, 8));
  await expect(await portal.cell('WEB', 'Key')).toContainText(token.slice(-4));

  const started = Date.now();
  passed(await gateway.use(token, '127.0.0.5'), 'default', '127.0.0.5');
  passed(await gateway.use(token, '127.0.0.5'), 'default', '127.0.0.5');
  refused(await gateway.use(token, '127.0.0.6'), 403, 'IP_NOT_ALLOWED');
  refused(await gateway.use(token, '127.0.0.6', 'X-Forwarded-For: 127.0.0.5'), 403, 'IP_NOT_ALLOWED');

  await portal.openKey('WEB');
  await portal.field('Address or network').fill('127.0.0.6');
  await portal.button('Authorise').click();
  await expect(portal.button('Remove 127.0.0.6')).toBeVisible();
  passed(await gateway.use(token, '127.0.0.6'), 'default', '127.0.0.6');
  refused(await gateway.use(token, '127.0.0.7', 'X-Forwarded-For: 127.0.0.6'), 403, 'IP_NOT_ALLOWED');

  await portal.openList();
  await expectUses(portal, 'WEB', 3, '127.0.0.5', started);

  const cloud = await portal.generate('Phone', 'Cloud');
  expect(cloud).toMatch(/^lkc_/);
  const startedCloud = Date.now();
  for (const address of ['127.0.0.5', '127.0.0.6', '127.0.0.7']) {
    passed(await gateway.use(cloud, address), 'cloud', address);
  }
  await portal.open('/account/api-keys');
  await expectUses(portal, 'Phone', 3, '127.0.0.5', startedCloud);
  await expectUses(portal, 'WEB', 3, '127.0.0.5', started);

  await portal.deleteKey('WEB');
  refused(await gateway.use(token, '127.0.0.5'), 401, 'DELETED');
  passed(await gateway.use(cloud, '127.0.0.6'), 'cloud', '127.0.0.6');
  await portal.deleteKey('Phone');
  refused(await gateway.use(cloud, '127.0.0.5'), 401, 'DELETED');
  await expect(portal.recordLine).toHaveText(EMPTY_LINE);
});
