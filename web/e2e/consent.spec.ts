import { expect, test, type Page } from '@playwright/test';
import { accessible, fitsPhone } from './looks';
import { arrive, unique } from './people';

// Connecting an account by its own server's consent page, in the browser of the person whose account it is.

const pds = process.env['M1A_PDS_URL'] ?? '';
// Consent pages are for the name that the server calls itself.
const server = pds.replace('127.0.0.1', 'localhost');
const password = 'eight looms weave flowers';

test.describe.configure({ mode: 'serial' });
test.skip(!pds, 'needs a server of Bluesky');

let page: Page;
const handle = `${unique('mary').replace(/[^a-z0-9]/g, '').slice(0, 16)}.test`;

test.beforeAll(async ({ browser }) => {
  // Fingers, too: the page fits a phone.
  page = await browser.newPage({ hasTouch: true });
  const account = { handle, email: `${handle}@example.com`, password };
  const made = await page.request.post(`${pds}/xrpc/com.atproto.server.createAccount`, { data: account });
  expect(made.ok()).toBe(true);
  await arrive(page, 'Consenting Engines');
});
test.afterAll(async () => {
  await page.close();
});

/** Asks for the page by the keyboard alone; its address, which the browser would open. */
async function ask(): Promise<string> {
  await page.goto('/accounts');
  await page.getByRole('button', { name: 'Connect Bluesky' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Handle').fill(handle);
  await dialog.getByLabel('Server').fill(server);
  // The server takes nobody from another port of its own name, which no real one has; so the person types the address.
  let address = '';
  await page.route(`${server}/oauth/authorize**`, async (route) => {
    address = route.request().url();
    await route.fulfill({ body: 'the consent page' });
  });
  await dialog.getByRole('button', { name: 'Continue with Bluesky' }).press('Enter');
  await expect(page.getByText('the consent page')).toBeVisible();
  await page.unroute(`${server}/oauth/authorize**`);
  await page.goto(address);
  return address;
}

test('id_47 a person who declines is told so, and finds the way back', async () => {
  await ask();
  await page.locator('input[name="password"]').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Deny access' }).click();
  await expect(page.getByRole('alert')).toContainText('You declined at Bluesky');
  // What the network gave is not left in the address.
  await expect(page).toHaveURL(/\/connect$/);
  await accessible(page, 'connect-declined');
  await page.setViewportSize({ width: 360, height: 740 });
  await fitsPhone(page, 'connect-declined');
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.getByRole('link', { name: 'Back to accounts' }).press('Enter');
  await expect(page.getByText('No account is connected yet.')).toBeVisible();
});

test('id_47 an account is connected by its consent page, and posts', async () => {
  await ask();
  await page.locator('input[name="password"]').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const returning = page.waitForRequest(/\/v1\/accounts\/authorizations\/complete$/);
  await page.getByRole('button', { name: 'Authorize' }).click();
  const brought = (await returning).postData() ?? '';
  await expect(page).toHaveURL(/\/accounts$/);
  await expect(page.locator(`[data-account="${handle}"]`).getByText('Connected')).toBeVisible();

  // The same answer once more: it is used up.
  const { state, code, iss } = JSON.parse(brought) as Record<string, string>;
  await page.goto(`/connect?${new URLSearchParams({ state: state ?? '', code: code ?? '', iss: iss ?? '' })}`);
  await expect(page.getByRole('alert')).toContainText('begin again');

  await page.goto('/compose');
  await page.getByRole('group', { name: 'Post to' }).getByRole('checkbox', { name: handle }).check({ force: true });
  await page.getByRole('textbox', { name: 'Text', exact: true }).fill('Agreed upon');
  await page.getByRole('radio', { name: /^Now/ }).check({ force: true });
  await page.getByRole('button', { name: 'Post now' }).click();
  await expect(page.getByTestId('post-state')).toContainText('Published', { timeout: 40_000 });
  const records = `${pds}/xrpc/com.atproto.repo.listRecords?repo=${handle}&collection=app.bsky.feed.post`;
  const found = (await (await page.request.get(records)).json()) as { records: { value: { text: string } }[] };
  expect(found.records.map((record) => record.value.text)).toEqual(['Agreed upon']);
});
