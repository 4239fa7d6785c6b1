// A Latchkey that cannot answer, and none at all: nothing passes.
import assert from 'node:assert/strict';
import { ask } from './client.mjs';
import { close, startTroubled } from './site.mjs';

/** The cases of one gateway; `scene` is what the matrix works with. They come last: Latchkey is down between them. */
export function troubleCases(scene) {
  const { check, home, bearer, latchkey, api } = scene;
  const good = () => [bearer(scene.key().token)];

  check('UNAVAILABLE: Latchkey in trouble refuses', async () => {
    await latchkey().halt();
    const troubled = await startTroubled();
    api().calls = [];
    const { status } = await ask(home, good());
    await close(troubled);
    assert.ok(status >= 500, String(status));
    assert.equal(api().calls.length, 0);
    return status;
  });

  check('Latchkey down: refused, not passed', async () => {
    api().calls = [];
    for (const lines of [good(), []]) {
      const { status } = await ask(home, lines);
      assert.ok(status >= 500, String(status));
    }
    assert.equal(api().calls.length, 0);
    const { status } = await ask(home, good());
    await latchkey().resume();
    return status;
  });
}
