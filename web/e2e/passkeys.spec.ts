import { expect, test, type Page } from '@playwright/test';
import { addPasskey, authenticator } from './authenticator';
import { press } from './keyboard';
import { accessible, fitsPhone, fitsPhoneToo } from './looks';
import { arrive, signIn, unique } from './people';

// Passkeys, with an authenticator that the browser itself plays.

// Fingers, too: some pages are looked at on a phone.
test.use({ hasTouch: true });

test('id_21 a passkey signs in without a password, all by keyboard', async ({ page }) => {
  const email = await arrive(page, 'Analytical Engines');
  await authenticator(page);
  await addPasskey(page, 'My phone');
  await expect(page.getByTestId('recovery-codes').getByRole('listitem')).toHaveCount(10);
  await accessible(page, 'me-passkeys');
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await accessible(page, 'sign-in-passkey');
  await press(page.getByRole('button', { name: 'Sign in with a passkey' }));
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
  await page.goto('/me');
  // However long the page took to come.
  await expect(page.locator('[data-passkey="My phone"]')).toContainText(/Used (now|\d+ (second|minute)s? ago)/i);

  // The password alone is not enough any more.
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await signIn(page, email);
  await expect(page.getByLabel('Confirmation code')).toBeFocused();
});

test('a passkey is renamed and removed', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  const { cdp, id } = await authenticator(page);
  await addPasskey(page, 'My phone');
  await press(page.getByRole('button', { name: 'Rename My phone' }));
  await expect(page.getByLabel('Name of the passkey')).toBeFocused();
  await page.keyboard.type('Old phone');
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-passkey="Old phone"]')).toBeVisible();
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: id });
  expect(credentials.map(({ rpId, isResidentCredential }) => ({ rpId, isResidentCredential }))).toEqual([{ rpId: 'localhost', isResidentCredential: true }]);

  await expect(page.getByRole('button', { name: 'Remove Old phone' })).toBeEnabled();
  await press(page.getByRole('button', { name: 'Remove Old phone' }));
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }));
  await expect(page.locator('[data-passkey]')).toHaveCount(0);
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await press(page.getByRole('button', { name: 'Sign in with a passkey' }));
  await expect(page.getByText('this passkey was not accepted')).toBeVisible();
});

test('whoever turns away from the question of the browser is told nothing', async ({ page }) => {
  await page.goto('/sign-in');
  const { cdp, id } = await authenticator(page);
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false });
  await press(page.getByRole('button', { name: 'Sign in with a passkey' }));
  await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toBeEnabled();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('id_18 whoever has a factor proves by it that it is them, and the act goes on, all by keyboard', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await authenticator(page);
  await addPasskey(page, 'My phone');
  const code = await page.getByTestId('recovery-codes').getByRole('listitem').first().innerText();
  await page.goto('/settings/members');
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });

  const [grace, charles] = [`${unique('grace')}@example.com`, `${unique('charles')}@example.com`];
  await inviteUnproven(page, grace);
  await expect(proof.getByRole('button', { name: 'Use a passkey' })).toBeFocused();
  await expect(proof.getByLabel('Your password')).toHaveCount(0);
  await accessible(page, 'proof-factor');
  await fitsPhoneToo(page, 'proof-factor');
  await press(proof.getByRole('button', { name: 'Use a passkey' }));
  await expect(proof).toBeHidden();
  await expect(page.locator(`[data-invitation="${grace}"]`)).toBeVisible();

  await inviteUnproven(page, charles);
  await press(proof.getByLabel('Confirmation code'), 'a');
  await page.keyboard.press('Enter');
  await expect(proof.getByRole('alert')).toBeVisible();
  await proof.getByLabel('Confirmation code').fill(code);
  await press(proof.getByLabel('Confirmation code'));
  await expect(proof).toBeHidden();
  await expect(page.locator(`[data-invitation="${charles}"]`)).toBeVisible();
});

/** Invites somebody ten minutes after the last proof, as the server sees it. */
async function inviteUnproven(page: Page, email: string): Promise<void> {
  const problem = { type: 'about:blank', title: 'Unauthorized', status: 401, code: 'insufficient_user_authentication', detail: 'prove again who you are', instance: 'r', errors: [] };
  await page.route('**/v1/invitations', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) }), { times: 1 });
  await press(page.getByRole('button', { name: 'Invite', exact: true }));
  await expect(page.getByRole('dialog', { name: 'Invite somebody' }).getByLabel('E-mail address')).toBeFocused();
  await page.keyboard.type(email);
  await page.keyboard.press('Enter');
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('passkeys fit 360 pixels', async ({ page }) => {
    await arrive(page, 'Analytical Engines');
    await authenticator(page);
    await addPasskey(page, 'The phone that I have had since the spring of this year');
    await expect(page.getByTestId('recovery-codes')).toBeVisible();
    await fitsPhone(page, 'me-passkeys');
  });
});
