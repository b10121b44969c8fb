import { expect, type CDPSession, type Page } from '@playwright/test';
import { press } from './keyboard';

/** Gives the browser an authenticator that it plays itself: a phone that asks for a fingerprint. */
export async function authenticator(page: Page): Promise<{ cdp: CDPSession; id: string }> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true
    }
  });
  return { cdp, id: authenticatorId };
}

/** Adds a passkey on the page of the account, all by keyboard. */
export async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto('/me');
  await press(page.getByRole('button', { name: 'Add a passkey' }));
  await expect(page.getByLabel('Name of the passkey')).toBeFocused();
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect(page.locator(`[data-passkey="${name}"]`)).toBeVisible();
  await expect(page.getByRole('button', { name: `Rename ${name}` })).toBeEnabled();
}
