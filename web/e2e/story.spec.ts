import { expect, test, type Page } from '@playwright/test';
import { arrive, behave, connectPlayground, published, send, unique, wallIn, wallOn } from './people';
import { settled } from './looks';

// The main job, from registering to the proof, as one person lives it. Needs a running host.

const pds = {
  url: process.env['M1A_PDS_URL'],
  identifier: process.env['M1A_PDS_IDENTIFIER'],
  password: process.env['M1A_PDS_PASSWORD']
};
const picture = () => ({ name: 'loom.png', mimeType: 'image/png', buffer: Buffer.from(PNG, 'base64') });

test.describe.configure({ mode: 'serial' });

let page: Page;
const ada = unique('ada');
const charles = unique('charles');

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
});
test.afterAll(async () => {
  await page.close();
});

test('a person registers, confirms the address, signs in and makes a workspace', async () => {
  await arrive(page, 'Analytical Engines');
  await expect(page.getByRole('heading', { name: 'Get started' })).toBeVisible();
  await expect(page.getByText('1 of 3 steps done')).toBeVisible();
});

test('accounts are connected by their credentials', async () => {
  await connectPlayground(page, ada);
  await connectPlayground(page, charles);
  await page.locator(`[data-account="${ada}"]`).getByRole('button', { name: 'Check' }).click();
  await expect(page.locator(`[data-account="${ada}"]`).getByText(/Checked (now|\d+ seconds? ago)/)).toBeVisible();

  if (!pds.url) return;
  await page.getByRole('button', { name: 'Connect Bluesky' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Use an app password instead' }).click();
  await dialog.getByLabel('Handle or e-mail address').fill(pds.identifier ?? '');
  await dialog.getByLabel('App password').fill('wrong-wrong-wrong-wrong');
  await dialog.getByLabel('Server').fill(pds.url);
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByLabel('App password').fill(pds.password ?? '');
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(dialog).toBeHidden();
});

test('a post with an image, a link and another text for one account goes out at its second', async () => {
  const text = `The engine weaves algebraic patterns https://example.com/loom #${unique('engine')}`;
  await page.goto('/compose');
  const choices = page.getByRole('group', { name: 'Post to' }).getByRole('checkbox');
  await expect(choices).toHaveCount(pds.url ? 3 : 2);
  for (const choice of await choices.all()) await choice.check({ force: true });
  await textOf(page).fill(text);
  await page.locator('input[type=file]').setInputFiles(picture());
  await expect(page.locator('[data-attachment=ready]')).toBeVisible();
  await page.getByLabel('Alt text').fill('A loom with a flower in its cloth');

  await page.getByRole('button', { name: `Customise for ${charles}` }).click();
  const own = page.getByLabel(`Text for ${charles}`);
  await own.fill('x'.repeat(6000));
  await expect(page.locator(`[data-counter="${charles}"]`)).toContainText('over');
  await expect(page.getByText('To correct: ')).toBeVisible();
  await own.fill('For Charles alone');
  await expect(page.getByText('Ready for every account')).toBeVisible();

  const answering = page.waitForResponse((answer) => answer.status() === 201 && new URL(answer.url()).pathname === '/v1/posts');
  await page.getByLabel('Date and time').fill(await wallIn(page, 8_000));
  await expect(page.getByTestId('when-words')).toContainText('Berlin');
  // An impatient person presses twice; there is one post all the same.
  await page.getByRole('button', { name: /^Schedule for/ }).dblclick();
  // The page may come when its time has come, too.
  expect((await (await answering).json()).state).toMatch(/^(scheduled|queued)$/);
  await expect(page).toHaveURL(/\/posts\/post_/);

  // Nobody touches the page: it looks by itself.
  await expect(page.getByTestId('post-state')).toContainText('Published', { timeout: 40_000 });
  for (const handle of [ada, charles]) {
    const target = page.locator(`[data-target="${handle}"]`);
    await expect(target.getByText('Published', { exact: true }).first()).toBeVisible();
    await expect(target.getByRole('link')).toHaveAttribute('href', /^https?:/);
    await expect(target.getByText(/accepted it|Seen on the network/)).toBeVisible();
    await expect(target.getByText(/on time|late/)).toBeVisible();
  }
  await expect(page.getByTestId('timeline')).toContainText('Published');
  await expect(page.getByTestId('timeline')).toContainText('Created');

  const atAda = await published(page.request, ada);
  expect(atAda.map((post) => post.text)).toEqual([text]);
  expect(atAda[0]?.media.map((media) => media.alt_text)).toEqual(['A loom with a flower in its cloth']);
  expect((await published(page.request, charles)).map((post) => post.text)).toEqual(['For Charles alone']);
  if (pds.url) {
    const target = page.locator(`[data-target="${pds.identifier}"]`);
    await expect(target.getByRole('link')).toHaveAttribute('href', /bsky\.app\/profile\/.+\/post\//);
    // What stands in the repository of the account, asked of its own server.
    const query = `repo=${pds.identifier}&collection=app.bsky.feed.post`;
    const answer = await page.request.get(`${pds.url}/xrpc/com.atproto.repo.listRecords?${query}`);
    const { records } = (await answer.json()) as { records: { value: { text: string; facets: unknown[]; embed: { images: { alt: string }[] } } }[] };
    const mine = records.map((record) => record.value).filter((record) => record.text === text);
    expect(mine).toHaveLength(1);
    expect(mine[0]?.embed.images.map((image) => image.alt)).toEqual(['A loom with a flower in its cloth']);
    expect(JSON.stringify(mine[0]?.facets)).toContain('https://example.com/loom');
  }
  await settled(page);
  await page.screenshot({ path: 'test-results/story-published.png', fullPage: true });
});

test('a scheduled post is edited; an edit of an older version is told so', async ({ browser }) => {
  await compose('Before the edit', await wallIn(page, 3_600_000));
  const address = page.url();
  await page.getByRole('link', { name: 'Edit' }).click();
  await expect(textOf(page)).toHaveValue('Before the edit');

  // The same person in another window is faster.
  const other = await browser.newPage({ storageState: await page.context().storageState() });
  await other.goto(`${address}/edit`);
  await textOf(other).fill('The other window was faster');
  await other.getByRole('button', { name: 'Save changes' }).click();
  // The preview shows the text before it is saved; the page of the post comes after.
  await expect(other).toHaveURL(address);
  await expect(other.getByText('The other window was faster').first()).toBeVisible();
  await other.close();

  await textOf(page).fill('Too late');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('alert')).toContainText('Load the newest version before you save');
  await page.getByRole('button', { name: 'Load the newest version' }).click();
  await expect(textOf(page)).toHaveValue('The other window was faster');
  await textOf(page).fill('After the edit');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page).toHaveURL(address);
  await expect(page.getByText('After the edit').first()).toBeVisible();
});

test('a scheduled post moves to another time by its menu', async () => {
  await page.getByRole('button', { name: 'Move to…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Date and time').fill(await wallOn(page, 2, '12:00'));
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await expect(dialog).toBeHidden();
  // The second where midnight comes meanwhile.
  await expect(page.getByTestId('post-state')).toContainText(/in 2 days|tomorrow/);
});

test('a scheduled post is held, resumed and cancelled', async () => {
  await page.locator(`[data-target="${ada}"]`).getByRole('button', { name: 'Hold' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Held');
  await page.locator(`[data-target="${ada}"]`).getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Scheduled');
  await page.getByRole('button', { name: 'Cancel post', exact: true }).first().click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel the post' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Cancelled');
});

test('a refused post says why, and is retried', async () => {
  await behave(page.request, ada, 'rejected');
  await compose('Refused at first', 'now');
  const target = page.locator(`[data-target="${ada}"]`);
  await expect(target.getByText('Failed', { exact: true })).toBeVisible({ timeout: 40_000 });
  await expect(page.getByTestId('post-state')).toContainText('Failed');
  await behave(page.request, ada, 'ok');
  await target.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Published', { timeout: 40_000 });
  expect((await published(page.request, ada)).filter((post) => post.text === 'Refused at first')).toHaveLength(1);
});

test('an account that did not get a post gets one of its own', async () => {
  await behave(page.request, charles, 'rejected');
  expect(
    await send(page, '/v1/posts', {
      when: { now: true },
      base: { text: 'Only Ada gets this', media: [] },
      targets: await idsOf(ada, charles),
      tags: []
    })
  ).toBe(201);
  await page.goto('/posts');
  await page.getByRole('link', { name: 'Only Ada gets this' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Partial', { timeout: 40_000 });
  await behave(page.request, charles, 'ok');
  await page.locator(`[data-target="${charles}"]`).getByRole('link', { name: 'Change and post again' }).click();
  await expect(textOf(page)).toHaveValue('Only Ada gets this');
  await expect(page.getByRole('checkbox', { name: charles })).toBeChecked();
  await expect(page.getByRole('checkbox', { name: ada })).not.toBeChecked();
  await textOf(page).fill('This one suits Charles');
  await page.getByRole('radio', { name: /^Now/ }).check({ force: true });
  await page.getByRole('button', { name: 'Post now' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Published', { timeout: 40_000 });
  expect((await published(page.request, charles)).map((post) => post.text)).toContain('This one suits Charles');
  expect((await published(page.request, ada)).map((post) => post.text)).not.toContain('This one suits Charles');
});

test('one of several accounts is cancelled, and the others keep their post', async () => {
  await send(page, '/v1/posts', {
    when: { at: await wallIn(page, 3_600_000), zone: 'Europe/Berlin' },
    base: { text: 'Not for Charles', media: [] },
    targets: await idsOf(ada, charles),
    tags: []
  });
  await page.goto('/posts');
  await page.getByRole('link', { name: 'Not for Charles' }).click();
  const target = page.locator(`[data-target="${charles}"]`);
  await target.getByRole('button', { name: 'Cancel here' }).click();
  // The first press asks; the answer that changes nothing has the focus.
  await expect(page.getByRole('button', { name: 'Keep as it is' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(target.getByRole('button', { name: 'Cancel here' })).toBeFocused();
  await target.getByRole('button', { name: 'Cancel here' }).click();
  await page.getByRole('alertdialog', { name: `Cancel it for ${charles}?` }).getByRole('button', { name: 'Cancel it there' }).click();
  await expect(target.getByText('Cancelled', { exact: true })).toBeVisible();
  await expect(page.locator(`[data-target="${ada}"]`).getByText('Scheduled', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel post', exact: true }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel the post' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Cancelled');
});

test('a text that was not sent yet survives a reload', async () => {
  await page.goto('/compose');
  await textOf(page).fill('Not lost');
  await page.reload();
  await expect(textOf(page)).toHaveValue('Not lost');
  await page.getByRole('button', { name: 'Start over' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click();
  await expect(textOf(page)).toHaveValue('');
});

test('the list is filtered by state and account', async () => {
  await page.goto('/posts');
  await page.getByRole('combobox', { name: 'State' }).selectOption('cancelled');
  await expect(page.locator('[data-post]')).toHaveCount(2);
  await expect(page.locator('[data-post]').last()).toContainText('After the edit');
  await page.getByRole('combobox', { name: 'State' }).selectOption('');
  await page.getByRole('combobox', { name: 'Account' }).selectOption({ label: charles });
  await expect(page.locator('[data-post]')).toHaveCount(4);
});

test('a card of the calendar moves by drag and by keyboard', async () => {
  // Next week's Wednesday and Thursday stand side by side in every month.
  const wednesday = await page.evaluate(() => 9 - ((new Date().getDay() + 6) % 7));
  const from = await wallOn(page, wednesday, '12:00');
  const to = (await wallOn(page, wednesday + 1, '12:00')).slice(0, 10);
  await compose('On the calendar', from);
  const id = page.url().split('/').at(-1) ?? '';
  await page.goto('/calendar');
  await page.getByRole('button', { name: 'Month' }).click();
  if (from.slice(0, 7) !== (await wallOn(page, 0, '12:00')).slice(0, 7)) await page.getByRole('button', { name: 'Next' }).click();
  const card = page.locator(`[data-card="${id}"]`);
  // What the calendar shows first may be replaced by what the server answers.
  await expect(() => card.scrollIntoViewIfNeeded({ timeout: 1_000 })).toPass();
  await settled(page);
  const start = await card.boundingBox();
  const end = await page.locator(`[data-date="${to}"]`).last().boundingBox();
  if (!start || !end) throw new Error('the card or the day has no place');
  let answer = () => {};
  const held = new Promise<void>((done) => (answer = done));
  await page.route('**/v1/calendar?*', async (route) => {
    await held;
    await route.continue();
  });
  await page.mouse.move(start.x + 20, start.y + 10);
  await page.mouse.down();
  // In steps, as a hand does it.
  await page.mouse.move(start.x + 40, start.y + 14, { steps: 4 });
  await page.mouse.move(end.x + end.width / 2, end.y + 40, { steps: 12 });
  await page.mouse.up();
  await expect.poll(async () => new Date(await due(id)).toLocaleDateString('en-CA', { timeZone: 'Europe/Berlin' })).toBe(to);
  const before = await due(id);

  // What is read after the move draws every card anew: the keyboard stays at its card.
  await card.focus();
  await card.evaluate((element) => element.setAttribute('data-drawn', 'before'));
  answer();
  await expect(page.locator('[data-drawn]')).toHaveCount(0);
  await page.unrouteAll({ behavior: 'wait' });
  await expect(card).toBeFocused();
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Date and time').fill(await wallIn(page, 2 * 3_600_000));
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => due(id)).toBeLessThan(before);
  await settled(page);
  await page.screenshot({ path: 'test-results/story-calendar.png' });
});

test('the session ends, and the way leads back', async () => {
  await page.goto('/posts');
  // From within the page: a call from elsewhere would be refused as forged.
  await send(page, '/v1/auth/logout', {});
  await page.goto('/accounts');
  await expect(page).toHaveURL(/sign-in\?next=%2Faccounts/);
});

/** Writes a post for Ada, for now or for a wall time. */
async function compose(text: string, when: string): Promise<void> {
  await page.goto('/compose');
  const group = page.getByRole('group', { name: 'Post to' });
  await expect(group.getByRole('checkbox').first()).toBeAttached();
  for (const choice of await group.getByRole('checkbox').all()) await choice.uncheck({ force: true });
  await group.getByRole('checkbox', { name: ada }).check({ force: true });
  await textOf(page).fill(text);
  if (when === 'now') await page.getByRole('radio', { name: /^Now/ }).check({ force: true });
  else await page.getByLabel('Date and time').fill(when);
  await page.getByRole('button', { name: when === 'now' ? 'Post now' : /^Schedule for/ }).click();
  await expect(page).toHaveURL(/\/posts\/post_/);
}

/** The targets of a post for these accounts. */
async function idsOf(...handles: string[]): Promise<{ account_id: string }[]> {
  const { items } = (await (await page.request.get('/v1/accounts')).json()) as { items: { id: string; handle: string }[] };
  return items.filter(({ handle }) => handles.includes(handle)).map(({ id }) => ({ account_id: id }));
}

const textOf = (where: Page) => where.getByRole('textbox', { name: 'Text', exact: true });

async function due(id: string): Promise<number> {
  const post = (await (await page.request.get(`/v1/posts/${id}`)).json()) as { when: { due_at: string } };
  return Date.parse(post.when.due_at);
}

/** 8 by 8 pixels, violet. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mOIcjuBFTEMLQkAD1VaAVpSVPUAAAAASUVORK5CYII=';
