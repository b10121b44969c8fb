import { expect, test, type Page } from '@playwright/test';
import { press } from './keyboard';
import { accessible, fitsPhone } from './looks';
import { arrive, connectPlayground, PASSWORD, published, unique } from './people';

// How a program gets a key, and loses it; all by keyboard.

/** Makes a key with what the form offers; its secret. */
async function make(page: Page, name: string): Promise<string> {
  await press(page.getByRole('button', { name: 'New key' }));
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: `The key ${name} is made` })).toBeVisible();
  return page.getByTestId('api-key').innerText();
}

/** The status of a program's call. */
async function call(page: Page, key: string, path: string): Promise<number> {
  const answer = await fetch(new URL(path, page.url()), { headers: { authorization: `Bearer ${key}` } });
  return answer.status;
}

test('a key is made, shown once, used, rotated and revoked', async ({ page, context }) => {
  test.slow();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await arrive(page, 'Analytical Engines');
  const account = unique('ada');
  await connectPlayground(page, account);
  await page.goto('/settings/keys');
  await expect(page.getByText('No keys yet')).toBeVisible();
  await accessible(page, 'settings-keys-empty');
  await press(page.getByRole('button', { name: 'New key' }));
  await accessible(page, 'settings-key-new');
  await page.keyboard.press('Escape');
  await expect(page.getByLabel('Name', { exact: true })).toHaveCount(0);
  const key = await make(page, 'Newsroom');
  expect(key).toMatch(/^m1_live_[0-9a-z]{78}_[\w-]{43}_[0-9a-f]{8}$/);
  await accessible(page, 'settings-key-made');
  await press(page.getByRole('button', { name: 'Copy the key' }));
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await press(page.getByRole('button', { name: 'I have kept it' }));
  await expect(page.getByText(key)).toHaveCount(0);
  const row = page.locator('[data-key="Newsroom"]').first();
  await expect(row).toContainText('never used');

  const accounts = await (await fetch(new URL('/v1/accounts', page.url()), { headers: { authorization: `Bearer ${key}` } })).json();
  const post = { when: { now: true }, base: { text: 'A program wrote this.' }, targets: [{ account_id: accounts.items[0].id }] };
  const posted = await fetch(new URL('/v1/posts', page.url()), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(post)
  });
  expect(posted.status).toBe(201);
  await expect.poll(async () => (await published(page.request, account)).length, { timeout: 40_000 }).toBe(1);
  expect(await call(page, key, '/v1/me')).toBe(403);
  expect(await call(page, key, '/v1/api-keys')).toBe(403);
  await page.reload();
  await expect(row).toContainText('last used');

  await press(page.getByRole('button', { name: 'Rotate the key Newsroom' }));
  const dialog = page.getByRole('dialog', { name: 'Rotate the key Newsroom' });
  await expect(dialog.getByLabel('The old key works on for')).toBeFocused();
  await accessible(page, 'settings-key-rotate');
  await press(dialog.getByRole('button', { name: 'Rotate', exact: true }));
  const next = await page.getByTestId('api-key').innerText();
  expect(next).not.toBe(key);
  await expect(page.locator('[data-key="Newsroom"]')).toHaveCount(2);
  await expect(page.getByText('Works until its successor has taken over')).toBeVisible();
  expect(await call(page, key, '/v1/posts')).toBe(200);
  expect(await call(page, next, '/v1/posts')).toBe(200);
  await page.reload();
  await expect(page.getByTestId('api-key')).toHaveCount(0);

  await press(page.getByRole('button', { name: 'Revoke the key Newsroom' }).first());
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }));
  await expect(row).toContainText('Revoked');
  await accessible(page, 'settings-keys');
  expect(await call(page, next, '/v1/posts')).toBe(401);
  expect(await call(page, key, '/v1/posts')).toBe(200);
});

test('a key that cannot be says what is wrong, and asks for a proof', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  // As the server answers ten minutes after the last proof.
  const problem = { type: 'about:blank', title: 'Unauthorized', status: 401, code: 'insufficient_user_authentication', detail: 'prove again who you are', instance: 'r', errors: [] };
  await page.goto('/settings/keys');
  await press(page.getByRole('button', { name: 'New key' }));
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type('Office');
  await page.getByLabel('Only from these addresses').fill('203.0.113.7/24');
  await press(page.getByLabel('Name', { exact: true }));
  await expect(page.getByLabel('Only from these addresses')).toHaveAttribute('aria-invalid', 'true');
  await accessible(page, 'settings-key-refused');
  await page.getByLabel('Only from these addresses').fill('203.0.113.0/24, 2001:db8::/32');
  await page.route('**/v1/api-keys', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) }), { times: 1 });
  await press(page.getByLabel('Name', { exact: true }));
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await expect(proof.getByLabel('Your password')).toBeFocused();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');

  const key = await page.getByTestId('api-key').innerText();
  expect(await call(page, key, '/v1/posts')).toBe(403);
  await press(page.getByText('What it may do'));
  await expect(page.getByText('Only from 203.0.113.0/24, 2001:db8::/32')).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the page of keys fits 360 pixels', async ({ page }) => {
    await arrive(page, 'Analytical Engines');
    await page.goto('/settings/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await fitsPhone(page, 'settings-key-new');
    await page.getByLabel('Name', { exact: true }).fill('A key with quite a long name for a phone');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await expect(page.getByTestId('api-key')).toBeVisible();
    await fitsPhone(page, 'settings-keys');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('button', { name: /^Rotate the key/ }).click();
    await fitsPhone(page, 'settings-key-rotate');
  });
});
