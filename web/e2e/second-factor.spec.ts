import { expect, test, type Page } from '@playwright/test';
import { addPasskey, authenticator } from './authenticator';
import { press } from './keyboard';
import { accessible, fitsPhone, fitsPhoneToo } from './looks';
import { arrive, newestLink, register, signIn } from './people';

// A workspace that asks its members for a second factor.

const SWITCH = 'Require a second factor of all members';

// Fingers, too: some pages are looked at on a phone.
test.use({ hasTouch: true });

/** Lets somebody join the workspace; their address. */
async function invited(page: Page, guest: Page): Promise<string> {
  const email = await register(guest, 'Grace Hopper');
  await page.goto('/settings/members');
  await press(page.getByRole('button', { name: 'Invite', exact: true }));
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('E-mail address').fill(email);
  await press(dialog.getByLabel('E-mail address'));
  await guest.goto(await newestLink(guest.request, email, 'invitation'));
  await press(guest.getByRole('link', { name: 'Sign in to accept' }));
  await signIn(guest, email);
  await press(guest.getByRole('button', { name: 'Accept' }));
  await expect(guest.getByRole('button', { name: 'Workspace Analytical Engines, switch' })).toBeVisible();
  return email;
}

test('id_23 a workspace that requires a second factor lets nobody in without one, all by keyboard', async ({ page, browser }) => {
  test.slow();
  const guest = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })).newPage();
  await arrive(page, 'Analytical Engines');
  await invited(page, guest);

  // Whoever asks it of others needs one first.
  await page.goto('/settings/workspace');
  const required = page.getByRole('switch', { name: SWITCH });
  await expect(required).toBeDisabled();
  await accessible(page, 'settings-security-own');
  await press(page.getByRole('link', { name: 'Set one up' }));
  await expect(page.getByRole('heading', { name: 'Passkeys' })).toBeVisible();
  await authenticator(page);
  await addPasskey(page, 'My phone');
  await expect(page.getByRole('region', { name: 'Recovery codes' }).getByTestId('recovery-codes')).toBeVisible();
  // She owns the workspace alone.
  await expect(page.getByTestId('no-way-back')).toContainText('the only way back');
  await page.goto('/settings/workspace');
  await expect(required).toBeEnabled();
  await press(required, 'Space');
  const dialog = page.getByRole('alertdialog', { name: 'Require a second factor?' });
  await accessible(page, 'settings-security');
  await press(dialog.getByRole('button', { name: 'Require it' }));
  await expect(required).toBeChecked();

  // Whoever is inside already is out with the next thing that they ask for.
  await press(guest.getByRole('link', { name: 'Posts' }).first());
  await expect(guest.getByRole('heading', { name: 'Analytical Engines asks for a second factor' })).toBeVisible();
  await accessible(guest, 'locked-out');
  await press(guest.getByRole('link', { name: 'Set one up' }));
  await expect(guest.getByTestId('locked-out')).toBeVisible();
  await accessible(guest, 'locked-out-me');
  await authenticator(guest);
  await addPasskey(guest, 'Key ring');
  await expect(guest.getByTestId('locked-out')).toHaveCount(0);
  await press(guest.getByRole('link', { name: 'Posts' }).first());
  await expect(guest.getByRole('heading', { name: 'Posts', exact: true })).toBeVisible();

  // What the workspace requires is not taken away by mistake.
  await guest.goto('/me');
  await press(guest.getByRole('button', { name: 'Remove Key ring' }));
  await press(guest.getByRole('alertdialog').getByRole('button', { name: 'Remove' }));
  await expect(guest.getByRole('alert')).toContainText('Analytical Engines requires a second factor');

  await expect(required).toBeEnabled();
  await press(required, 'Space');
  await expect(required).not.toBeChecked();
  await guest.context().close();
});

test('id_22 whoever lost everything starts over, or stops it, with the leave of a manager', async ({ page, browser }) => {
  test.slow();
  const guest = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' })).newPage();
  await arrive(page, 'Analytical Engines');
  const email = await invited(page, guest);
  await authenticator(guest);
  await addPasskey(guest, 'Lost phone');
  await guest.context().clearCookies();
  await guest.goto('/sign-in');
  await signIn(guest, email);
  await expect(guest.getByText('can let you start over')).toBeVisible();
  await press(guest.getByRole('button', { name: 'I lost them: ask for me' }));
  await expect(guest.getByRole('status')).toContainText('has a mail about it');
  await accessible(guest, 'factor-lost');

  await page.goto('/settings/members');
  await press(page.getByRole('button', { name: 'Change Grace Hopper' }));
  const dialog = page.getByRole('dialog', { name: 'Change Grace Hopper' });
  await press(dialog.getByRole('button', { name: 'Let them start over' }));
  await expect(dialog.getByTestId('factor-reset')).toBeVisible();
  await accessible(page, 'settings-factor-reset');
  await fitsPhoneToo(page, 'settings-factor-reset');

  await guest.goto(await newestLink(guest.request, email, 'reset-second-factor'));
  await press(guest.getByRole('button', { name: 'Remove them and start over' }));
  await expect(guest.getByRole('alert')).toContainText('Follow the link again from');
  await accessible(guest, 'factor-reset-early');
  await press(guest.getByRole('button', { name: 'Stop it' }));
  await expect(guest.getByRole('status')).toContainText('It is stopped');

  // The same from the other side.
  await page.reload();
  await press(page.getByRole('button', { name: 'Change Grace Hopper' }));
  await press(dialog.getByRole('button', { name: 'Let them start over' }));
  await press(dialog.getByRole('button', { name: 'Take it back' }));
  await expect(dialog.getByTestId('factor-reset')).toHaveCount(0);
  await expect(dialog.getByRole('button', { name: 'Let them start over' })).toBeVisible();
  await guest.context().close();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('what is said to somebody without a second factor fits 360 pixels', async ({ page }) => {
    await arrive(page, 'A workspace with quite a long name for a phone');
    await page.goto('/settings/workspace');
    await expect(page.getByRole('switch', { name: SWITCH })).toBeVisible();
    await fitsPhone(page, 'settings-security');
    // As the server tells somebody whom the workspace keeps out.
    await page.route('**/v1/me', async (route) => {
      const answer = await route.fetch();
      const me = await answer.json();
      for (const tenant of me.tenants) tenant.requires_second_factor = true;
      await route.fulfill({ response: answer, json: me });
    });
    await page.goto('/posts');
    await expect(page.getByRole('link', { name: 'Set one up' })).toBeVisible();
    await fitsPhone(page, 'locked-out');
    await page.goto('/me');
    await expect(page.getByTestId('locked-out')).toBeVisible();
    await fitsPhone(page, 'locked-out-me');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
});
