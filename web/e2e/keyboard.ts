import { expect, type Locator, type Page } from '@playwright/test';

// What people do who have no mouse: `press` and `tabTo` give no control the focus, only Tab does, so that one that Tab does
// not reach fails whoever needs it.

/** The longest way by Tab within a part of a page. */
const MOST = 40;

/** Presses Tab until this control has the focus: from where the focus is, or from the beginning of the control's section
 * where it is elsewhere, as somebody does who goes by headings. A dialog has the focus itself. */
async function reach(control: Locator): Promise<void> {
  await expect(control).toBeEnabled();
  await control.evaluate((element) => {
    const now = document.activeElement;
    if (element.closest('dialog') || now === element) return;
    const part = element.closest<HTMLElement>('section, aside, main') ?? document.body;
    if (now && now !== part && part.contains(now) && now.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) return;
    const before = part.getAttribute('tabindex');
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
    part.blur();
    if (before === null) part.removeAttribute('tabindex');
    else part.setAttribute('tabindex', before);
  });
  const page = control.page();
  for (let presses = 0; presses <= MOST; presses += 1) {
    if (await control.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${control}`);
}

/** Goes to a control by Tab and presses a key on it. */
export async function press(control: Locator, key = 'Enter'): Promise<void> {
  await reach(control);
  await control.page().keyboard.press(key);
}

/** Chooses from a list by Tab and arrows. */
export async function choose(list: Locator, option: string): Promise<void> {
  await reach(list);
  const steps = await list.evaluate((element: HTMLSelectElement, label) => [...element.options].findIndex((each) => each.label === label) - element.selectedIndex, option);
  for (let step = 0; step < Math.abs(steps); step += 1) await list.page().keyboard.press(steps < 0 ? 'ArrowUp' : 'ArrowDown');
  await expect(list.locator('option:checked')).toHaveText(option);
}

/** Tab reaches every control of the page, or of the dialog that is open, in the order in which they stand. */
export async function reachable(page: Page, name: string): Promise<void> {
  const count = await page.evaluate(() => {
    const dialog = [...document.querySelectorAll('dialog:modal')].at(-1);
    const all = [...(dialog ?? document).querySelectorAll<HTMLInputElement>('a[href], button, input, select, textarea, summary, [role=button]')];
    const controls = all.filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.matches(':disabled') && !each.closest('[aria-hidden=true], [inert]'));
    const reached: Element[] = [];
    Object.assign(window, { reachable: { controls, reached } });
    document.addEventListener('focusin', ({ target }) => target instanceof Element && !reached.includes(target) && reached.push(target));
    if (dialog) reached.push(...[document.activeElement].filter((each) => each !== null));
    else {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.blur();
      document.body.removeAttribute('tabindex');
    }
    return controls.length;
  });
  const missing = () =>
    page.evaluate(() => {
      const { controls, reached } = (window as unknown as { reachable: { controls: HTMLInputElement[]; reached: Element[] } }).reachable;
      // Arrows go from one radio button to the next.
      const same = (each: HTMLInputElement) => (each.type === 'radio' ? controls.filter(({ type, name, form }) => type === 'radio' && name === each.name && form === each.form) : [each]);
      const unseen = controls.filter((each) => each.isConnected && !same(each).some((one) => reached.includes(one)));
      const inTurn = reached.filter((each) => controls.includes(each as HTMLInputElement));
      const back = inTurn.filter((each, place) => place > 0 && each.isConnected && (inTurn[place - 1]?.compareDocumentPosition(each) ?? 0) & Node.DOCUMENT_POSITION_PRECEDING);
      const named = (each: Element) => (each.getAttribute('aria-label') || each.textContent?.trim() || each.id || each.tagName).slice(0, 40);
      return { unseen: unseen.map(named), back: back.map(named) };
    });
  // A date has several parts.
  for (let presses = 0; presses < count * 2 + 20; presses += 1) {
    if (presses % 10 === 9 && (await missing()).unseen.length === 0) break;
    await page.keyboard.press('Tab');
  }
  const { unseen, back } = await missing();
  expect.soft(unseen, `${name}: what Tab does not reach`).toEqual([]);
  expect.soft(back, `${name}: what comes too late`).toEqual([]);
}

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
