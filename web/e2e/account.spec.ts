import { createHmac } from 'node:crypto';
import { expect, test, type BrowserContextOptions, type Locator, type Page } from '@playwright/test';
import { press } from './keyboard';
import { accessible, fitsPhone } from './looks';
import { arrive, newestLink, PASSWORD, signIn } from './people';

// How somebody keeps their account, in the browser that they have.

const NEW = 'seven looms weave flowers';

test('a forgotten password is chosen anew by the link of a mail', async ({ page }) => {
  const email = await arrive(page, 'Analytical Engines');
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await press(page.getByRole('link', { name: 'Forgot your password?' }));
  // The form before this page has an address, too.
  await expect(page.getByRole('heading', { name: 'Choose a new password' })).toBeVisible();
  await page.getByLabel('E-mail address').fill(email);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await page.goto(await newestLink(page.request, email, 'reset-password'));
  await page.getByLabel('New password').fill(NEW);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your new password is set')).toBeVisible();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(NEW);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
});

test('f_27 a browser that is held back is let in by the link of a mail, all by keyboard', async ({ page }) => {
  const email = await arrive(page, 'Analytical Engines');
  await page.context().clearCookies();
  // What the server answers while strangers try passwords; a local run has no limit that a test could reach.
  await page.route('**/v1/auth/login', (route) =>
    route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      headers: { 'retry-after': '20' },
      body: JSON.stringify({ type: 'about:blank', title: 'Too Many Requests', status: 429, detail: 'too many sign-ins fail just now', code: 'sign_ins_held_back' })
    })
  );
  await page.goto('/sign-in');
  await signIn(page, email);
  await expect(page.getByRole('alert')).toBeFocused();
  await accessible(page, 'sign-in-held-back');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Send me a link' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText(`We sent a mail to ${email}`)).toBeVisible();
  await page.unroute('**/v1/auth/login');
  await page.goto(await newestLink(page.request, email, 'admit-browser'));
  await press(page.getByRole('button', { name: 'Let this browser in' }));
  await expect(page.getByText('Your account knows this browser now')).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
});

test('id_19 an authenticator app guards the account, all by keyboard', async ({ page }) => {
  const email = await arrive(page, 'Analytical Engines');
  await page.goto('/me');
  await press(page.getByRole('button', { name: 'Set up an authenticator app' }));
  const secret = await page.getByTestId('totp-secret').innerText();
  await expect(page.getByRole('img', { name: 'QR code for your authenticator app' })).toBeVisible();
  await accessible(page, 'me-totp');
  await page.getByLabel('Code that the app shows').fill(code(secret, 0));
  await page.keyboard.press('Enter');
  const codes = page.getByTestId('recovery-codes').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const former = await codes.first().innerText();
  await accessible(page, 'me-codes');
  await press(page.getByRole('button', { name: 'New recovery codes' }));
  await expect(codes.first()).not.toHaveText(former);
  await expect(page.getByTestId('recovery-codes')).toBeFocused();
  await expect(codes).toHaveCount(10);
  const recovery = await codes.first().innerText();
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await signIn(page, email);
  await expect(page.getByLabel('Confirmation code')).toBeFocused();
  await page.keyboard.type(former);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Confirmation code').fill(recovery);
  await press(page.getByLabel('Confirmation code'));
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();

  await page.goto('/me');
  await expect(page.getByText('9 recovery codes left')).toBeVisible();
  await press(page.getByRole('button', { name: 'Remove the app' }));
  await press(page.getByRole('alertdialog', { name: 'Remove the authenticator app?' }).getByRole('button', { name: 'Remove the app' }));
  await expect(page.getByRole('button', { name: 'Set up an authenticator app' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Recovery codes' })).toHaveCount(0);
});

test('id_17 other sign-ins are seen and ended', async ({ page, browser }) => {
  const email = await arrive(page, 'Analytical Engines');
  const elsewhere = async (options: BrowserContextOptions) => {
    const there = await (await browser.newContext(options)).newPage();
    await there.goto('/sign-in');
    await signIn(there, email);
    await expect(there.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
    return there;
  };
  const [office, phone] = [await elsewhere({}), await elsewhere({ userAgent: 'Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0' })];
  await page.goto('/me');
  const sessions = page.locator('[data-session]');
  await expect(sessions).toHaveCount(3);
  await press(page.getByRole('button', { name: 'End Firefox on Android' }));
  await expect(sessions).toHaveCount(2);
  await expect(sessions.filter({ hasText: 'Firefox' })).toHaveCount(0);
  await phone.goto('/posts');
  await expect(phone).toHaveURL(/sign-in/);
  await office.goto('/posts');
  await expect(office.getByRole('heading', { name: 'Posts', exact: true })).toBeVisible();
  await press(page.getByRole('button', { name: 'End all others' }));
  await expect(sessions).toHaveCount(1);
  await office.goto('/posts');
  await expect(office).toHaveURL(/sign-in/);
  await Promise.all([office.context().close(), phone.context().close()]);
});

test('a picture is chosen, seen by the team and removed, all by keyboard', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await page.goto('/me');
  const chooser = page.waitForEvent('filechooser');
  await press(page.getByRole('button', { name: 'Choose a picture' }));
  await (await chooser).setFiles({ name: 'ada.png', mimeType: 'image/png', buffer: await photo(page) });
  await expect(page.getByText('Your picture is saved.').first()).toBeVisible();
  await drawn(page.getByRole('img', { name: 'Your picture' }));
  await accessible(page, 'me-picture');
  await page.goto('/settings/members');
  await drawn(page.locator('[data-member] img'));
  await page.goto('/me');
  await press(page.getByRole('button', { name: 'Remove picture' }));
  await expect(page.getByRole('button', { name: 'Choose a picture' })).toBeFocused();
  await expect(page.getByRole('img', { name: 'Your picture' })).toHaveCount(0);
});

/** Larger than a request may be. */
async function photo(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1200, height: 900 });
    const context = canvas.getContext('2d')!;
    const pixels = context.createImageData(1200, 900);
    // Noise, which no format makes small.
    for (let at = 0, seed = 1; at < pixels.data.length; at += 1) {
      seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
      pixels.data[at] = at % 4 === 3 ? 255 : seed >>> 24;
    }
    context.putImageData(pixels, 0, 0);
    return canvas.toDataURL('image/png');
  });
  return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

/** The browser has the picture itself, 256 pixels wide. */
async function drawn(picture: Locator): Promise<void> {
  await expect(picture).toHaveJSProperty('naturalWidth', 256);
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the page of the account, and signing in with its code, fit 360 pixels', async ({ page }) => {
    const email = await arrive(page, 'Analytical Engines');
    await page.goto('/me');
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    const secret = await page.getByTestId('totp-secret').innerText();
    await changePassword(page);
    await fitsPhone(page, 'me');
    await page.getByLabel('Code that the app shows').fill(code(secret, 0));
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('recovery-codes')).toBeVisible();
    await fitsPhone(page, 'me-codes');
    await page.context().clearCookies();
    await page.goto('/sign-in');
    await signIn(page, email, NEW);
    await expect(page.getByLabel('Confirmation code')).toBeFocused();
    await fitsPhone(page, 'sign-in-code');
    await page.getByRole('button', { name: 'I lost them: ask for me' }).click();
    await expect(page.getByRole('status').or(page.getByRole('alert'))).toBeVisible();
    await fitsPhone(page, 'factor-lost');
  });
});

async function changePassword(page: Page): Promise<void> {
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByLabel('New password').fill(NEW);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('Your password is changed.').first()).toBeVisible();
}

/** What an authenticator app shows (RFC 6238), some steps ahead. */
function code(secret: string, ahead: number): string {
  const bits = [...secret].map((character) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0')).join('');
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const tag = createHmac('sha1', seed).update(step).digest();
  const number = tag.readUInt32BE((tag.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, '0');
}
