import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { openSettings, press } from './keyboard';
import { accessible, fitsPhone, fitsPhoneToo } from './looks';
import { arrive, connectPlayground, unique } from './people';

// What is on record in a workspace, and how it ends, all by keyboard.

/** What happens is sealed by the timer of every minute, and the page looks again by itself. */
const SEALED = { timeout: 100_000 };

// Fingers, too: some pages are looked at on a phone.
test.use({ hasTouch: true });

test('the audit log is read, filtered and exported', async ({ page }) => {
  test.slow();
  await arrive(page, 'Analytical Engines');
  const account = unique('ada');
  await connectPlayground(page, account);
  await openSettings(page, 'Audit log');
  const entries = page.getByTestId('audit').getByRole('listitem');
  await expect(entries.filter({ hasText: 'Connected an account' })).toContainText('Ada Lovelace', SEALED);
  await expect(entries.filter({ hasText: 'Made the workspace' })).toBeVisible();
  const seal = entries.first().getByText(/^Sealed as number \d+$/);
  await press(seal);
  await expect(entries.first().getByText(/^[0-9a-f]{64}$/)).toBeVisible();
  await accessible(page, 'settings-audit');

  await page.getByLabel('What happened').selectOption('Accounts');
  await expect(entries.filter({ hasText: 'Made the workspace' })).toHaveCount(0);
  await expect(entries.filter({ hasText: account })).toHaveCount(1);
  await page.getByLabel('From').fill('2099-01-01');
  await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible();
  await press(page.getByRole('link', { name: 'Clear filters' }));
  await expect(entries.first()).toBeVisible();

  const downloading = page.waitForEvent('download');
  await press(page.getByRole('button', { name: 'Export' }));
  const lines = readFileSync(await (await downloading).path(), 'utf8').trim().split('\n');
  const kinds = lines.map((line) => JSON.parse(line).event?.kind);
  expect(kinds).toContain('tenant.created');
  expect(kinds).toContain('account.connected');
});

test('the audit log is not offered to somebody who uses some accounts only', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await page.route('**/v1/members/me', async (route) => {
    const own = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...own, account_ids: [] } });
  });
  await page.goto('/settings/audit');
  await expect(page.getByText('The audit log is about all accounts of the workspace')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Export' })).toHaveCount(0);
  await expect(page.getByLabel('What happened')).toHaveCount(0);
  await accessible(page, 'settings-audit-limited');
});

test('a workspace is deleted, taken back, and its end is proven', async ({ page }) => {
  test.slow();
  await arrive(page, 'Analytical Engines');
  await openSettings(page, 'Workspace');
  await press(page.getByRole('button', { name: 'Delete the workspace' }));
  const dialog = page.getByRole('alertdialog');
  await dialog.getByLabel('Type Analytical Engines to confirm').fill('Analytical Engines');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/tenants\/new/);
  const deleted = page.locator('[data-deleted="Analytical Engines"]');
  await expect(deleted).toContainText('Can be taken back until');
  await accessible(page, 'tenant-deleted');
  await fitsPhoneToo(page, 'tenant-deleted');

  await press(page.getByRole('button', { name: 'Take Analytical Engines back' }));
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Workspace Analytical Engines, switch' })).toBeVisible();

  // Two weeks later, as the API tells it then.
  const erased = { id: 'ten_01jd8mz0000000000000000000', state: 'erased', name: null, erased_from: '2026-12-15T09:00:00Z', certificate: { certificate: { v: 1 }, signature: '30' } };
  await page.route('**/v1/tenants/deleted', (route) => route.fulfill({ json: { items: [erased], next: null } }));
  await page.goto('/me');
  const downloading = page.waitForEvent('download');
  await press(page.getByRole('button', { name: /^Certificate of ten_/ }));
  const certificate = JSON.parse(readFileSync(await (await downloading).path(), 'utf8'));
  expect(certificate).toEqual(erased.certificate);
  await accessible(page, 'me-erased');
  await fitsPhoneToo(page, 'me-erased');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the audit log fits 360 pixels', async ({ page }) => {
    test.slow();
    await arrive(page, 'Analytical Engines');
    await page.goto('/settings/audit');
    const entries = page.getByTestId('audit').getByRole('listitem');
    await expect(entries.first()).toBeVisible(SEALED);
    await entries.first().getByText(/^Sealed as number/).click();
    await fitsPhone(page, 'settings-audit');
  });
});
