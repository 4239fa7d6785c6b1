import { expect, test } from '../support/fixtures';
import { Load } from '../support/load';

// A key is deleted in the browser while 64 connections use it without pause. What is asked once the deletion is
// answered is refused. REVOCATION_ROUNDS makes it longer.
const ROUNDS = Number(process.env.REVOCATION_ROUNDS ?? 3);

test('a key that is deleted in the browser passes no more', async ({ page, portal, latchkey }) => {
  test.setTimeout(240_000 + ROUNDS * 10_000);
  await portal.firstAccount();
  for (let round = 0; round < ROUNDS; round++) {
    await portal.openList();
    const token = await portal.generate(`round ${round}`);
    const load = new Load(latchkey.url, token, 64);
    try {
      await load.more(200);
      await portal.link(`Delete “round ${round}”`).click();
      await portal.at('Delete an API Key');
      const answered = page
        .waitForResponse((response) => response.request().method() === 'POST' && /delete/.test(response.url()))
        .then(() => performance.now());
      await portal.button('Delete').click();
      const deleted = await answered;
      await load.more(500);
      await load.stop();
      const before = load.asked.filter(({ sent }) => sent < deleted);
      expect(before.filter(({ status }) => status === 200).length).toBeGreaterThan(200);
      const after = load.asked.filter(({ sent }) => sent >= deleted);
      expect(after.length).toBeGreaterThan(100);
      expect(after.filter(({ status }) => status !== 401)).toEqual([]);
    } finally {
      await load.stop();
    }
    await portal.at('Your API Keys');
  }
});
