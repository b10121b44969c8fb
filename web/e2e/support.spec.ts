import { expect, test, type Page } from '@playwright/test';
import { addPasskey, authenticator } from './authenticator';
import { openMenu, press } from './keyboard';
import { accessible, fitsPhone } from './looks';
import { arrive, connectPlayground, unique } from './people';

// Support looks into a workspace that allows it, all by keyboard.

/** Lets the person of the page support others, as an operator does, and goes to the platform's own workspace. */
async function appointed(page: Page): Promise<void> {
  const me = await (await page.request.get('/v1/me')).json();
  const answer = await page.request.post('/local/supporters', { data: { user_id: me.user.id } });
  expect(answer.status()).toBe(204);
  await page.reload();
  await openMenu(page, /^Workspace .*, switch$/);
  await press(page.getByRole('menuitemradio', { name: 'M1A', exact: true }));
  await expect(page.getByRole('button', { name: 'Workspace M1A, switch' })).toBeVisible();
}

async function lookInto(page: Page, tenant: string): Promise<void> {
  await page.goto('/settings/support');
  await page.getByLabel('Id of the workspace').fill(tenant);
  await page.getByLabel('Why', { exact: true }).fill('Ticket 1843: a post did not go out');
  await press(page.getByRole('button', { name: 'Look in', exact: true }));
}

test.use({ hasTouch: true });

test('id_42 support looks into a workspace with its consent, and is out when that ends', async ({ page, browser }) => {
  test.slow();
  const name = 'Analytical Engines with quite a long name';
  await arrive(page, name);
  await connectPlayground(page, unique('ada'));
  await page.goto('/settings/support');
  const tenant = (await page.getByText(/^ten_[0-9a-z]{26}$/).textContent()) ?? '';
  const desk = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', hasTouch: true })).newPage();
  await arrive(desk, 'The desk');
  await authenticator(desk);
  await addPasskey(desk, 'My phone');
  await appointed(desk);

  await lookInto(desk, tenant);
  await expect(desk.getByRole('alert')).toContainText('not found', { ignoreCase: true });
  await accessible(desk, 'settings-support-begin');
  await desk.setViewportSize({ width: 360, height: 740 });
  await fitsPhone(desk, 'settings-support-begin');
  await desk.setViewportSize({ width: 1280, height: 860 });
  await page.getByLabel('For how long').selectOption('3 days');
  await press(page.getByRole('button', { name: 'Allow support' }));
  await expect(page.getByTestId('support-consent')).toContainText('Support may look in until');
  await expect(page.getByTestId('support-consent')).toContainText('Allowed by Ada Lovelace');
  await accessible(page, 'settings-support-allowed');

  await press(desk.getByRole('button', { name: 'Look in', exact: true }));
  const banner = desk.getByTestId('support-banner');
  await expect(banner).toContainText(`You are looking into ${name}.`);
  await expect(banner).toContainText(/Minutes left: (60|5\d)/);
  await page.reload();
  const inside = page.getByTestId('support-inside');
  await expect(inside).toContainText('Support is looking into this workspace.');
  await accessible(page, 'settings-support-inside');
  await expect(desk.getByRole('link', { name: 'New post' })).toHaveCount(0);
  await accessible(desk, 'support-home');
  await press(desk.getByRole('link', { name: 'Accounts' }).first());
  await expect(desk.locator('[data-account]')).toHaveCount(1);
  await expect(desk.getByRole('button', { name: /Connect|Disconnect|Check/ })).toHaveCount(0);
  await desk.goto('/settings/members');
  await expect(desk.locator('[data-member]')).toHaveCount(1);
  await expect(desk.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  await desk.goto('/settings/workspace');
  await expect(desk.getByLabel('Name', { exact: true })).toBeDisabled();
  await expect(banner).toBeVisible();
  await accessible(desk, 'support-workspace');
  await desk.setViewportSize({ width: 360, height: 740 });
  await fitsPhone(desk, 'support-workspace');
  await desk.setViewportSize({ width: 1280, height: 860 });
  await press(banner.getByRole('button', { name: 'Leave' }));
  await expect(banner).toHaveCount(0);
  await expect(desk.getByRole('button', { name: 'Workspace M1A, switch' })).toBeVisible();

  await lookInto(desk, tenant);
  await expect(banner).toBeVisible();
  await press(page.getByRole('button', { name: 'End it now' }));
  await expect(page.getByTestId('support-consent')).toContainText('Support may not look in');
  await expect(inside).toHaveCount(0);
  await press(desk.getByRole('link', { name: 'Posts' }).first());
  await expect(desk.getByRole('button', { name: 'Workspace M1A, switch' })).toBeVisible();
  await expect(banner).toHaveCount(0);

  // The timer of every minute may seal the visit before its end has happened.
  await expect(page.getByTestId('support-visits')).toContainText('An owner ended it.', { timeout: 100_000 });
  await expect(page.getByTestId('support-visits')).toContainText('Ticket 1843: a post did not go out');
  await expect(page.getByTestId('support-visits')).toContainText('Support (usr_');
  await page.setViewportSize({ width: 360, height: 740 });
  await fitsPhone(page, 'settings-support-full');
  await desk.context().close();
});
