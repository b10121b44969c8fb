import { expect, test } from '@playwright/test';
import { press } from './keyboard';
import { accessible, fitsPhoneToo } from './looks';
import { arrive, behave, connectPlayground, send, unique, wallIn } from './people';

// How an account that is connected is kept, and let go.

// Fingers, too: some pages are looked at on a phone.
test.use({ hasTouch: true });

test('an account that its network refuses is connected again, and disconnected, all by keyboard', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  const handle = unique('ada');
  await connectPlayground(page, handle);
  const { items } = (await (await page.request.get('/v1/accounts')).json()) as { items: { id: string }[] };
  const when = { at: await wallIn(page, 3_600_000), zone: 'Europe/Berlin' };
  const targets = items.map(({ id }) => ({ account_id: id }));
  expect(await send(page, '/v1/posts', { when, base: { text: 'Waits for Ada', media: [] }, targets, tags: [] })).toBe(201);

  const row = page.locator(`[data-account="${handle}"]`);
  await behave(page.request, handle, 'revoked');
  await press(row.getByRole('button', { name: 'Check' }));
  await expect(row).toContainText('Needs reconnecting');
  await accessible(page, 'accounts-refused');
  await fitsPhoneToo(page, 'accounts-refused');
  await press(row.getByRole('button', { name: 'Reconnect' }));
  const dialog = page.getByRole('dialog', { name: `Reconnect ${handle}` });
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue(handle);
  await accessible(page, 'accounts-reconnect');
  await press(dialog.getByLabel('Name', { exact: true }));
  await expect(dialog).toBeHidden();
  await expect(row.getByText('Connected', { exact: true })).toBeVisible();

  await press(row.getByRole('button', { name: 'Disconnect' }));
  const question = page.getByRole('alertdialog', { name: `Disconnect ${handle}?` });
  await expect(question.getByRole('button', { name: 'Keep as it is' })).toBeFocused();
  await accessible(page, 'accounts-disconnect');
  await fitsPhoneToo(page, 'accounts-disconnect');
  await press(question.getByRole('button', { name: 'Disconnect' }));
  await expect(row).toHaveCount(0);
  await expect(page.getByText('No account is connected yet.')).toBeVisible();
  await page.goto('/posts');
  await expect(page.locator('[data-post]')).toContainText('Cancelled');
});
