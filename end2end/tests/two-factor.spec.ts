import { execFileSync } from 'node:child_process';
import { expect, test } from '../support/fixtures';

// A second factor from its beginning to its end, with codes of an authenticator that we did not write.

/** The code of the step that is so many seconds ahead; one step of skew is taken. */
function code(secret: string, ahead = 0) {
  const at = new Date(Date.now() + ahead * 1000).toISOString().replace('T', ' ').slice(0, 19);
  return execFileSync('oathtool', ['--totp', '--base32', '--now', `${at} UTC`, secret]).toString().trim();
}

test('a login asks for the code, and a recovery code stands in for it once', async ({ page, portal, watch }) => {
  watch.expects(422);
  await portal.firstAccount();
  await portal.open('/account/profile');
  await portal.button('Set up two-factor login').click();
  await expect(page.getByRole('img', { name: 'QR code for your authenticator app' })).toBeVisible();
  const panel = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Two-factor login' }) });
  const secret = (await panel.locator('code').innerText()).replaceAll(' ', '');
  await panel.getByLabel('Current password').fill(portal.password);
  await panel.getByLabel('Code', { exact: true }).fill(code(secret));
  await portal.button('Switch on').click();
  await expect(page.getByText('Two-factor login is on, and your other sessions have ended.')).toBeVisible();
  const recovery = await page.getByRole('listitem').locator('code').allInnerTexts();
  expect(recovery).toHaveLength(10);
  await portal.logOut();

  await portal.logIn();
  await portal.at('Enter your code');
  await page.goto('/account/api-keys');
  await portal.at('Enter your code');
  await portal.field('Code').fill('000000');
  await portal.button('Continue').click();
  await expect(portal.field('Code')).toHaveAttribute('aria-invalid', 'true');
  await portal.field('Code').fill(code(secret, 30));
  await portal.button('Continue').click();
  await portal.at('Your API Keys');
  await portal.logOut();

  for (const taken of [true, false]) {
    await portal.open('/login');
    await portal.logIn();
    await portal.at('Enter your code');
    await portal.field('Code').fill(recovery[0]);
    await portal.button('Continue').click();
    if (!taken) break;
    await portal.at('Dashboard');
    await portal.logOut();
  }
  await expect(portal.field('Code')).toHaveAttribute('aria-invalid', 'true');
});
