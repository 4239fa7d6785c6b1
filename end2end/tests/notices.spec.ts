import { writeFile } from 'node:fs/promises';
import { MailServer, Receiver } from '../support/outside';
import { expect, test as base } from '../support/fixtures';
import { passed, refused } from '../support/verdicts';

// Being told: a real mail server, and a program that checks the signatures of webhooks by the library of their scheme.
// Loopback addresses stand for those of a customer's machines.

const HOME = '127.0.0.5';
const ELSEWHERE = '127.0.0.6';
/** Seconds for which notices are held back here: longer than fifty requests take on a machine that stands still for some. */
const HOLD = 20;
/** Long enough for a second message to show up. */
const QUIET = 3_000;

const test = base.extend<{ mailServer: MailServer; receiver: Receiver }>({
  mailServer: async ({}, use) => {
    const mailServer = await MailServer.start();
    await use(mailServer);
    await mailServer.stop();
  },
  receiver: async ({}, use) => {
    const receiver = await Receiver.start();
    await use(receiver);
    await receiver.stop();
  },
  config: async ({ mailServer }, use, info) => {
    const file = info.outputPath('latchkey.toml');
    const settings = [
      `smtp_url = "smtp://127.0.0.1:${mailServer.port}?tls=none"`,
      'smtp_from = "Latchkey <keys@example.com>"',
      `notice_hold_seconds = ${HOLD}`,
      'webhook_allow_private = true',
    ];
    await writeFile(file, settings.join('\n'));
    await use(file);
  },
});

test('a dead key that is still sent is told once by each way, and a new address is authorised from its notice', async ({
  page,
  portal,
  latchkey,
  gateway,
  mailServer,
  receiver,
}) => {
  const { username, password } = portal;
  await latchkey.run(['user', 'add', username, '--email', 'demo@example.com', '--password-stdin'], `${password}\n`);
  await portal.open('/login');
  await portal.logIn();
  await portal.at('Dashboard');

  // The account has a webhook for one cause.
  await portal.open('/account/webhooks');
  await portal.field('Address').fill(receiver.url);
  for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
  await page.getByLabel('a deleted, expired or rotated key is still being sent').check();
  await portal.button('Add webhook').click();
  receiver.secret = (await page.getByText(/^whsec_/).innerText()).trim();
  // Its owner is always told, by a letter that cannot be switched off.
  await expect.poll(() => mailServer.mails.length).toBe(1);
  expect(mailServer.mails.splice(0)[0].text).toContain('Webhook added');

  // A key is deleted, and a program goes on sending it.
  await portal.open('/account/api-keys');
  const dead = await portal.generate('Old newsletter');
  passed(await gateway.use(dead, HOME), 'default', HOME);
  await portal.deleteKey('Old newsletter');
  for (let sent = 0; sent < 50; sent += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.use(dead, HOME)));
    answers.forEach((answer) => refused(answer, 401, 'DELETED'));
  }

  await expect.poll(() => [mailServer.mails.length, receiver.messages.length]).toEqual([1, 1]);
  await page.waitForTimeout(QUIET);
  expect([mailServer.mails.length, receiver.messages.length, receiver.refused]).toEqual([1, 1, []]);
  const [mail] = mailServer.mails;
  expect(mail.to).toEqual(['demo@example.com']);
  expect(mail.headers.subject).toBe('A deleted key is still in use: Old newsletter');
  for (const part of [mail.text, mail.html]) {
    expect(part).toContain('50 times');
    expect(part).toContain(HOME);
    expect(part).not.toContain(dead);
  }
  const [message] = receiver.messages;
  expect(message.type).toBe('notice.dead_key_in_use');
  expect(message.data.count).toBe(50);
  expect(message.data.key.description).toBe('Old newsletter');
  expect(message.data.addresses).toMatchObject([{ address: HOME, count: 50 }]);

  await portal.open('/');
  await expect(portal.link('Notifications: 1')).toBeVisible();
  await portal.open('/account/notifications');
  const entries = page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) });
  const told = entries.filter({ hasText: 'is still being sent' });
  await expect(told).toHaveCount(1);
  await expect(told).toContainText('The deleted key “Old newsletter” is still being sent New');
  await expect(told).toContainText('was refused 50 times');
  await expect(told).toContainText(`${HOME} 50 times`);

  // A key that is locked is tried from a second address, which its customer then authorises.
  await portal.open('/account/api-keys');
  const shop = await portal.generate('Shop');
  passed(await gateway.use(shop, HOME), 'default', HOME);
  refused(await gateway.use(shop, ELSEWHERE), 403, 'IP_NOT_ALLOWED');
  const notice = entries.filter({ hasText: 'The key “Shop” is refused from a new address' });
  await expect(async () => {
    await portal.open('/account/notifications');
    await expect(notice).toHaveCount(1, { timeout: 100 });
  }).toPass();
  await notice.getByRole('button', { name: `Authorise this address: ${ELSEWHERE}` }).click();
  await expect(page.getByText('The address is authorised. The next request from there passes.')).toBeVisible();
  await expect(notice).toContainText('Authorised');
  passed(await gateway.use(shop, ELSEWHERE), 'default', ELSEWHERE);
  refused(await gateway.use(shop, '127.0.0.7'), 403, 'IP_NOT_ALLOWED');
});
