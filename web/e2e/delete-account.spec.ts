import { expect, test } from '@playwright/test';
import { press } from './keyboard';
import { accessible, fitsPhone } from './looks';
import { arrive, signIn } from './people';

// How somebody leaves the product for good.

test('id_16 an account is deleted once no workspace needs it, all by keyboard', async ({ page }) => {
  const email = await arrive(page, 'Analytical Engines');
  await page.goto('/me');
  await press(page.getByRole('button', { name: 'Delete your account' }));
  const dialog = page.getByRole('alertdialog');
  await accessible(page, 'me-delete');
  await dialog.getByLabel(`Type ${email} to confirm`).fill(email);
  await page.keyboard.press('Enter');
  await expect(dialog.getByText('alone own Analytical Engines')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.goto('/settings/workspace');
  await press(page.getByRole('button', { name: 'Delete the workspace' }));
  await page.getByLabel('Type Analytical Engines to confirm').fill('Analytical Engines');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/tenants\/new/);
  await press(page.getByRole('button', { name: 'Delete your account' }));
  await dialog.getByLabel(`Type ${email} to confirm`).fill(email);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your account is deleted.')).toBeVisible();
  await signIn(page, email);
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page).toHaveURL(/sign-in/);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('what is asked before an account is deleted fits 360 pixels', async ({ page }) => {
    await arrive(page, 'Analytical Engines');
    await page.goto('/me');
    await page.getByRole('button', { name: 'Delete your account' }).click();
    await expect(page.getByRole('alertdialog')).toBeVisible();
    await fitsPhone(page, 'me-delete');
  });
});
