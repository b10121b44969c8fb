import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { press } from './keyboard';
import { accessible, fitsPhone, fitsPhoneToo } from './looks';
import { arrive, connectPlayground, unique } from './people';

// How an owner takes everything with them, by keyboard.

// Fingers, too: some pages are looked at on a phone.
test.use({ hasTouch: true });

/** A timer of every three seconds makes it, a page looks every two. */
const MADE = { timeout: 60_000 };

test('a workspace is exported, and the file downloaded', async ({ page }) => {
  test.slow();
  await arrive(page, 'Analytical Engines');
  const account = unique('ada');
  await connectPlayground(page, account);
  await page.goto('/settings/workspace');

  await press(page.getByRole('button', { name: 'Export everything' }));
  const row = page.locator('[data-export]');
  await expect(row).toHaveAttribute('data-state', 'ready', MADE);
  await expect(row).toContainText('accounts: 1 · members: 1');
  await press(row.getByRole('button', { name: /^Download the export of/ }));
  const file = row.getByRole('link', { name: /^File 1 of 1/ });
  await expect(file).toBeVisible();
  await accessible(page, 'settings-export');
  const downloading = page.waitForEvent('download');
  await press(file);

  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^000001-[0-9a-f]{16}\.zip$/);
  const bytes = await readFile(await download.path());
  expect(bytes.subarray(0, 2).toString()).toBe('PK');
  // Entries are stored as they are, so that what is in them can be read in the file.
  expect(bytes.includes(`"handle":"${account}"`)).toBe(true);

  // Another person takes it in.
  await page.context().clearCookies();
  await arrive(page, 'Difference Engines');
  await page.goto('/settings/workspace');
  await page.getByLabel('All files of the export').setInputFiles({ name: download.suggestedFilename(), mimeType: 'application/zip', buffer: bytes });
  await press(page.getByRole('button', { name: 'Upload and check' }));
  const imported = page.locator('[data-import]');
  await expect(imported).toHaveAttribute('data-state', 'checked', MADE);
  await expect(imported).toContainText('accounts: 1');
  await accessible(page, 'settings-import');
  await stop(page);
  await press(imported.getByRole('button', { name: /^Check the import of .+ again$/ }));
  await expect(imported).toHaveAttribute('data-state', 'checked', MADE);
  await press(imported.getByRole('button', { name: /^Make the import of/ }));
  await expect(imported).toHaveAttribute('data-state', 'done', MADE);
});

/** Stops the import of the page, as the server tells of one whose check takes as long as a person does to read of it. */
async function stop(page: Page): Promise<void> {
  let told = { state: 'checking', fault: null as string | null };
  await page.route('**/v1/imports', async (route) => {
    const answer = await route.fetch();
    const { items } = (await answer.json()) as { items: object[] };
    await route.fulfill({ response: answer, json: { items: items.map((each) => ({ ...each, ...told })) } });
  });
  await page.route(/\/v1\/imports\/[^/]+\/cancel$/, (route) => {
    told = { state: 'failed', fault: 'cancelled' };
    return route.fulfill({ json: {} });
  });
  await page.reload();
  const imported = page.locator('[data-import]');
  await expect(imported).toHaveAttribute('data-state', 'checking');
  await press(imported.getByRole('button', { name: /^Stop the import of/ }));
  await expect(imported).toContainText('It was stopped. What was made stays');
  await accessible(page, 'settings-import-stopped');
  await fitsPhoneToo(page, 'settings-import-stopped');
  await page.unrouteAll({ behavior: 'wait' });
}

test('a file that is no export is refused with the reason', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await page.goto('/settings/workspace');
  await page.getByLabel('All files of the export').setInputFiles({ name: '000001.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await page.getByRole('button', { name: 'Upload and check' }).click();

  const imported = page.locator('[data-import]');
  await expect(imported).toHaveAttribute('data-state', 'failed', MADE);
  await expect(imported).toContainText('A file is not as it was downloaded');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the export fits 360 pixels', async ({ page }) => {
    await arrive(page, 'Analytical Engines');
    await page.goto('/settings/workspace');
    await page.getByRole('button', { name: 'Export everything' }).click();
    const row = page.locator('[data-export]');
    await expect(row).toHaveAttribute('data-state', 'ready', MADE);
    await row.getByRole('button', { name: /^Download the export of/ }).click();
    await expect(row.getByRole('link')).toBeVisible();
    await fitsPhone(page, 'settings-export');
  });

  test('an import under way fits 360 pixels', async ({ page }) => {
    await arrive(page, 'Analytical Engines');
    await page.goto('/settings/workspace');
    let go = () => {};
    const held = new Promise<void>((done) => (go = done));
    await page.route('**/local/objects/**', async (route) => {
      await held;
      await route.continue();
    });
    await page.getByLabel('All files of the export').setInputFiles({ name: '000001.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
    await page.getByRole('button', { name: 'Upload and check' }).click();
    await expect(page.getByText('0 of 1 files are uploaded.')).toBeVisible();
    await fitsPhone(page, 'settings-import-uploading');
    // As the server tells of one that takes longer than this file, and of what it does not take.
    const problems = ['second_factor_missing', 'wrong_network', 'a_code_that_is_newer_than_this_page'].map((code, place) => ({ volume: 1, line: place + 1, code }));
    await page.route('**/v1/imports', async (route) => {
      const answer = await route.fetch();
      const { items } = (await answer.json()) as { items: object[] };
      await route.fulfill({ response: answer, json: { items: items.map((each) => ({ ...each, state: 'importing', fault: null, problems })) } });
    });
    go();
    const imported = page.locator('[data-import]');
    await expect(imported).toHaveAttribute('data-state', 'importing');
    await imported.locator('summary').click();
    await accessible(page, 'settings-import-running');
    await fitsPhone(page, 'settings-import-running');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
});
