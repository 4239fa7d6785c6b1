import { expect, test } from '../support/fixtures';

test('the foot of the page changes the language, and it stays', async ({ page, portal }) => {
  const html = page.locator('html');
  await portal.firstAccount();
  await portal.openList();
  await expect(html).toHaveAttribute('lang', 'en');
  await portal.button('Română').click();
  await portal.at('Cheile dvs. API');
  await expect(html).toHaveAttribute('lang', 'ro');
  await expect(page).toHaveURL('/account/api-keys');
  await expect(page).toHaveTitle('Cheile dvs. API · Latchkey');
  await expect(page.getByText(/^Pagina 0 din 1/)).toBeVisible();

  await portal.link('Generați o cheie API nouă').click();
  await portal.at('Generați o cheie API');
  await portal.open('/');
  await portal.at('Panou principal');
  await expect(html).toHaveAttribute('lang', 'ro');

  await portal.button('English').click();
  await portal.at('Dashboard');
  await expect(html).toHaveAttribute('lang', 'en');
});

test('the messages of forms are in the language too', async ({ portal, watch }) => {
  await portal.firstAccount();
  await portal.open('/account/api-keys/new');
  await portal.button('Română').click();
  await portal.at('Generați o cheie API');
  watch.expects(422);
  await portal.field('Descriere').fill('ă'.repeat(101));
  await portal.button('Generați').click();
  await expect(portal.field('Descriere')).toHaveAccessibleDescription(
    /^Textul este prea lung: folosiți cel mult 100 de caractere\./,
  );
});

test.describe('a browser that prefers Romanian', () => {
  test.use({ locale: 'ro-RO' });

  test('is met in Romanian, and may choose otherwise', async ({ page, portal }) => {
    await portal.open('/login');
    await portal.at('Autentificare');
    await portal.button('English').click();
    await portal.at('Login');
    await portal.open('/login');
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  });
});
