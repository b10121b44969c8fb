import { expect, test, type Page } from '@playwright/test';
import { openMenu, reachable, tabTo } from './keyboard';
import { accessible, fitsPhone } from './looks';
import { nameOf, OWN, PUBLIC, unseen, within } from './pages';
import { arrive, connectPlayground, PASSWORD, register, send, unique, wallIn } from './people';

// How every page looks and behaves for people who see, hear or reach it differently.

const HOUR = 3_600_000;

test('every page of the dashboard is looked at', () => {
  expect(unseen(), 'each needs an address in pages.ts').toEqual([]);
});

test('the public pages are accessible in both themes, and all of them by Tab', async ({ page }) => {
  test.slow();
  for (const address of PUBLIC) {
    await page.goto(address);
    await accessible(page, nameOf(address));
    await reachable(page, nameOf(address));
  }
});

test('the pages of a workspace are accessible in both themes, and all of them by Tab', async ({ page }) => {
  test.slow();
  await arrive(page, 'Analytical Engines');
  await accessible(page, 'home-empty');
  await page.goto('/posts');
  await accessible(page, 'posts-empty');
  await page.goto('/compose');
  await accessible(page, 'compose-no-account');
  await page.goto('/accounts');
  await page.getByRole('button', { name: 'Connect Bluesky' }).click();
  await accessible(page, 'connect');
  await page.getByRole('button', { name: 'Use an app password instead' }).click();
  await accessible(page, 'connect-password');
  await page.keyboard.press('Escape');
  await connectPlayground(page, unique('ada'));
  await fill(page);
  const its = await within(page);
  for (const address of OWN) {
    await page.goto(its(address));
    await accessible(page, nameOf(address));
    await reachable(page, nameOf(address));
  }
  await page.goto('/calendar');
  await page.getByRole('button', { name: 'Week' }).click();
  await accessible(page, 'calendar-week');
  await page.getByRole('button', { name: 'List' }).click();
  // Before midnight of a month's last day, the next posts are in the next month.
  if ((await wallIn(page, 2 * HOUR)).slice(0, 7) !== (await wallIn(page, 0)).slice(0, 7)) await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.locator('[data-post]').first()).toBeVisible();
  await accessible(page, 'calendar-list');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('every public page fits 360 pixels', async ({ page }) => {
    for (const address of PUBLIC) {
      await page.goto(address);
      await fitsPhone(page, nameOf(address));
    }
  });

  test('every page of a workspace fits 360 pixels', async ({ page }) => {
    test.slow();
    await arrive(page, 'A workspace with quite a long name for a phone');
    await connectPlayground(page, unique('an-account-with-a-long-name'));
    await fill(page);
    const its = await within(page);
    for (const address of OWN) {
      await page.goto(its(address));
      await fitsPhone(page, nameOf(address));
    }
    await page.goto('/calendar');
    await expect(page.getByRole('button', { name: 'List' })).toHaveAttribute('aria-pressed', 'true');
    await page.getByRole('button', { name: 'Month' }).click();
    await expect(page.getByTestId('calendar')).toBeVisible();
    await fitsPhone(page, 'calendar-month');
  });
});

test('the menus need no mouse', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  const switcher = page.getByRole('button', { name: 'Workspace Analytical Engines, switch' });
  await switcher.focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitemradio', { name: 'Analytical Engines' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('menuitem', { name: 'New workspace' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitemradio', { name: 'Analytical Engines' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(switcher).toBeFocused();

  const person = page.getByRole('button', { name: 'Account menu of Ada Lovelace' });
  await openMenu(page, 'Account menu of Ada Lovelace');
  await expect(page.getByRole('menuitemradio', { name: 'Like the system' })).toBeFocused();
  await accessible(page, 'menu');
  await page.getByRole('menuitemradio', { name: 'Dark' }).press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(person).toBeFocused();
  // A quick hand does not wait for the menu.
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitemradio', { name: 'Like the system' })).toBeFocused();
  await page.keyboard.press('End');
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/sign-in/);
});

test('another workspace shows nothing of the one before', async ({ page }) => {
  await arrive(page, 'First');
  await connectPlayground(page, unique('ada'));
  await page.goto('/');
  await expect(page.getByText('2 of 3 steps done')).toBeVisible();
  await page.getByRole('button', { name: 'Workspace First, switch' }).click();
  await page.getByRole('menuitem', { name: 'New workspace' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Second');
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await expect(page.getByRole('button', { name: 'Workspace Second, switch' })).toBeVisible();
  await expect(page.getByText('1 of 3 steps done')).toBeVisible();
  await page.getByRole('button', { name: 'Workspace Second, switch' }).click();
  await page.getByRole('menuitemradio', { name: 'First' }).click();
  await expect(page.getByText('2 of 3 steps done')).toBeVisible();
});

test('signing in and writing a post need no mouse', async ({ page }) => {
  const email = await register(page, 'Ada Lovelace');
  await page.goto('/sign-in');
  await tabTo(page, 'E-mail address');
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Create a workspace' })).toBeVisible();
  await tabTo(page, 'Name');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();

  // Straight to the content, past the navigation.
  await page.keyboard.press('Tab');
  await page.goto('/accounts');
  await expect(page.getByRole('button', { name: 'Connect Playground' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(page, 'Connect Playground');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await tabTo(page, 'Name');
  await page.keyboard.type(unique('keys'));
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  // The dialog gives the focus back to what opened it.
  await expect(page.getByRole('button', { name: 'Connect Playground' })).toBeFocused();

  await page.goto('/compose');
  await expect(page.getByRole('group', { name: 'Post to' }).getByRole('checkbox')).toBeAttached();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await tabTo(page, /keys-/);
  if (!(await page.getByRole('checkbox').isChecked())) await page.keyboard.press('Space');
  await tabTo(page, 'Text');
  await page.keyboard.type('Written without a mouse');
  await tabTo(page, /Pick a time/);
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('radio', { name: /^Now/ })).toBeChecked();
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/\/posts\/post_/);
  await expect(page.getByTestId('post-state')).toContainText(/Scheduled|Queued|Publishing|Published/);
});

/** Some posts in several states and on several days. */
async function fill(page: Page): Promise<void> {
  const accounts = (await (await page.request.get('/v1/accounts')).json()) as { items: { id: string }[] };
  const targets = accounts.items.map(({ id }) => ({ account_id: id }));
  const texts: [string, object][] = [
    ['A draft that waits for its time', { draft: true }],
    ['Notes by the translator, part G https://example.com/notes', { at: await wallIn(page, 2 * HOUR), zone: 'Europe/Berlin' }],
    ['The engine has no pretensions whatever to originate anything', { at: await wallIn(page, 26 * HOUR), zone: 'Europe/Berlin' }],
    ['AVeryLongWordWithoutAnyBreak'.repeat(6), { at: await wallIn(page, 50 * HOUR), zone: 'Europe/Berlin' }]
  ];
  for (const [text, when] of texts) {
    expect(await send(page, '/v1/posts', { when, base: { text, media: [] }, targets, tags: [] })).toBe(201);
  }
}
