import { expect, type Page } from '@playwright/test';

/** Presses Tab until the control with this name has the focus. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  // A page that has only begun has nothing to reach.
  await page.locator('#boot').waitFor({ state: 'detached' });
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      return (element?.labels?.[0]?.textContent ?? element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim().replace(/\s+/g, ' ');
    });
    if (typeof name === 'string' ? label === name || label.startsWith(`${name} `) : name.test(label)) return;
  }
  throw new Error(`Tab does not reach ${String(name)}`);
}

/** Opens a menu; its first item has the focus then. */
export async function openMenu(page: Page, button: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: button }).press('Enter');
  await expect(page.getByRole('menu').locator('[role^=menuitem]').first()).toBeFocused();
}

/** Goes to a tab of the workspace's settings. */
export async function openSettings(page: Page, tab: string): Promise<void> {
  await openMenu(page, /^Workspace .*, switch$/);
  await page.getByRole('menuitem', { name: 'Workspace settings' }).press('Enter');
  // A page that has come takes the focus: a key that is pressed before that would go astray.
  const title = page.getByRole('heading', { level: 1, name: 'Settings' });
  await expect(title).toBeFocused();
  const link = page.getByRole('link', { name: tab, exact: true });
  if ((await link.getAttribute('aria-current')) === 'page') return;
  await link.press('Enter');
  await expect(page.getByRole('heading', { level: 2, name: tab, exact: true })).toBeVisible();
  await expect(title).toBeFocused();
}
