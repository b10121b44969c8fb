import { expect, test } from '@playwright/test';
import { choose, press, tabTo } from './keyboard';
import { accessible } from './looks';
import { arrive, connectPlayground, newestLink, PASSWORD, send, unique, wallIn } from './people';

// The forms that no other story fills in by keyboard, from Tab to Enter.

const NEW = 'seven looms weave flowers';

test('registering, and what people change about themselves, need no mouse', async ({ page }) => {
  test.slow();
  const [email, other] = [`${unique('ada')}@example.com`, `${unique('augusta')}@example.com`];
  const type = async (name: string, text: string) => {
    await tabTo(page, name);
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text);
  };
  await page.goto('/register');
  await type('Your name', 'Ada Lovelace');
  await type('E-mail address', email);
  await type('Password', PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await page.goto(await newestLink(page.request, email, 'verify-email'));
  await type('Password', PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your e-mail address is confirmed')).toBeVisible();
  await type('E-mail address', email);
  await type('Password', PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Create a workspace' })).toBeVisible();
  await type('Name', 'Analytical Engines');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();

  await page.goto('/me');
  await expect(page.getByLabel('Your name')).toHaveValue('Ada Lovelace');
  await type('Your name', 'Augusta Ada King');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Account menu of Augusta Ada King' })).toBeVisible();
  const locale = page.getByLabel('Dates and numbers');
  await choose(locale, 'German (Austria)');
  await expect(page.getByText('3. März 2027')).toBeVisible();
  const saving = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && new URL(answer.url()).pathname === '/v1/me');
  await press(page.getByRole('region', { name: 'Profile' }).getByRole('button', { name: 'Save' }));
  expect((await saving).status()).toBe(200);
  await page.reload();
  await expect(locale.locator('option:checked')).toHaveText('German (Austria)');
  await type('Current password', PASSWORD);
  await type('New password', NEW);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your password is changed.').first()).toBeAttached();
  // A link to another address is of no use any more once the password has changed.
  await type('New e-mail address', other);
  await page.keyboard.press('Enter');
  await expect(page.getByText(`We sent a link to ${other}`)).toBeVisible();

  await page.goto(await newestLink(page.request, other, 'confirm-email'));
  await tabTo(page, 'Confirm my new address');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your new address is confirmed')).toBeVisible();
  await page.goto(await newestLink(page.request, email, 'revert-email'));
  await tabTo(page, 'Take it back');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Your address is back')).toBeVisible();
});

test('a post is changed, moved, held and cancelled without a mouse', async ({ page }) => {
  await arrive(page, 'Analytical Engines');
  await connectPlayground(page, unique('ada'));
  const { items } = (await (await page.request.get('/v1/accounts')).json()) as { items: { id: string }[] };
  const when = { at: await wallIn(page, 3_600_000), zone: 'Europe/Berlin' };
  const targets = items.map(({ id }) => ({ account_id: id }));
  expect(await send(page, '/v1/posts', { when, base: { text: 'Written in a hurry', media: [] }, targets, tags: [] })).toBe(201);
  const state = page.getByTestId('post-state');

  await page.goto('/posts');
  await expect(page.getByRole('link', { name: 'Written in a hurry' })).toBeVisible();
  await tabTo(page, 'Written in a hurry');
  await page.keyboard.press('Enter');
  await expect(state).toContainText('Scheduled');
  await tabTo(page, 'Edit');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Text', exact: true })).toHaveValue('Written in a hurry');
  await tabTo(page, 'Text');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Written at leisure');
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/\/posts\/post_[0-9a-z]+$/);
  await expect(page.getByText('Written at leisure').first()).toBeVisible();

  await tabTo(page, 'Move to…');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Date and time')).toBeFocused();
  // Past day and month, in the order of either: a year later.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowUp');
  await tabTo(page, 'Move');
  await page.keyboard.press('Enter');
  await expect(state).toContainText('in 12 months');

  await tabTo(page, /^Hold/);
  await page.keyboard.press('Enter');
  await expect(state).toContainText('Held');
  await expect(page.getByRole('button', { name: 'Resume' })).toBeEnabled();
  await tabTo(page, /^Resume/);
  await page.keyboard.press('Enter');
  await expect(state).toContainText('Scheduled');
  await expect(page.getByRole('button', { name: 'Cancel post' }).first()).toBeEnabled();
  await tabTo(page, 'Cancel post');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Keep as it is' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(state).toContainText('Cancelled');

  // As the server tells of a post of which nobody knows whether it is out, which takes it long to find.
  await page.route(/\/v1\/posts\/post_[0-9a-z]+$/, async (route) => {
    const answer = await route.fetch();
    const post = await answer.json();
    post.state = post.targets[0].state = 'outcome_unknown';
    post.allowed_actions = post.targets[0].allowed_actions = ['resolve'];
    await route.fulfill({ response: answer, json: post });
  });
  await page.route(/\/resolve$/, (route) => route.fulfill({ json: {} }));
  await page.reload();
  await expect(page.getByRole('button', { name: 'Say what happened' })).toBeVisible();
  await tabTo(page, 'Say what happened');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Link to the post')).toBeFocused();
  await page.keyboard.type('https://example.com/ada/1');
  await accessible(page, 'resolve');
  await tabTo(page, 'Yes, it is published');
  const deciding = page.waitForRequest(/\/resolve$/);
  await page.keyboard.press('Enter');
  expect((await deciding).postDataJSON()).toEqual({ outcome: 'published', permalink: 'https://example.com/ada/1' });
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // The page goes on asking: what is under way at the end would fail the next test.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});
