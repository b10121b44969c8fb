import { expect, test, type Page } from '@playwright/test';
import { addPasskey, authenticator } from './authenticator';
import { settled } from './looks';
import { OWN, PUBLIC, within } from './pages';
import { newestLink, PASSWORD, register, send, signIn, unique } from './people';

// F-34: texts that are scripts to a careless page. They are shown as the texts that they are, and the policy of the
// pages has nothing to stop.

const PAYLOAD = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'`{{7*7}}';
/** For what may be 50 characters long, has no folders or is looked for with quotes. */
const SHORT = PAYLOAD.slice(0, 28);

/** What the browser stopped, and what ran all the same, from now on. */
async function watch(page: Page): Promise<Set<string>> {
  const seen = new Set<string>();
  await page.exposeFunction('noteViolation', (what: string) => seen.add(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      void (window as unknown as { noteViolation: (what: string) => void }).noteViolation(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  page.on('dialog', (dialog) => {
    seen.add(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return seen;
}

/** What a careless page does with a text. */
async function insert(page: Page, text: string): Promise<void> {
  await page.evaluate((html) => document.body.append(document.createRange().createContextualFragment(html)), text);
}

/** A picture in the library of the workspace, named and described by hostile texts; its id. */
async function picture(page: Page): Promise<string> {
  await page.goto('/compose');
  const image = await page.evaluate(() => document.createElement('canvas').toDataURL('image/png').split(',')[1] ?? '');
  await page.locator('input[type=file]').setInputFiles({ name: `${SHORT}.png`, mimeType: 'image/png', buffer: Buffer.from(image, 'base64') });
  await expect(page.locator('[data-attachment=ready]')).toContainText(`${SHORT}.png`);
  const described = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok());
  await page.getByLabel('Alt text').fill(PAYLOAD);
  await page.getByLabel('Alt text').blur();
  const { id } = (await (await described).json()) as { id: string };
  return id;
}

/** The person looks into their own workspace as one who supports others, and says hostile things about why. */
async function visit(page: Page, tenant: string): Promise<void> {
  const me = await (await page.request.get('/v1/me')).json();
  expect((await page.request.post('/local/supporters', { data: { user_id: me.user.id } })).status()).toBe(204);
  const { tenants } = (await (await page.request.get('/v1/me')).json()) as { tenants: { id: string; name: string }[] };
  const platform = tenants.find(({ id }) => id !== tenant)?.id;
  expect(await send(page, '/v1/auth/switch', { tenant_id: platform })).toBe(200);
  expect(await send(page, '/v1/support-sessions', { tenant_id: tenant, reason: PAYLOAD })).toBe(201);
  for (const address of ['/', '/accounts', '/settings/members', '/settings/workspace', '/settings/support']) {
    await page.goto(address);
    await settled(page);
    await expect(page.getByTestId('support-banner')).toContainText(PAYLOAD.slice(0, 60));
  }
  expect(await send(page, '/v1/support-sessions/current', {}, 'DELETE')).toBe(204);
  expect(await send(page, '/v1/auth/switch', { tenant_id: tenant })).toBe(200);
}

test('f_34 whoever watches the pages sees a script that a page lets in', async ({ page }) => {
  const seen = await watch(page);
  await page.goto('/sign-in');
  await settled(page);
  expect([...seen]).toEqual([]);
  await insert(page, SHORT);
  await expect.poll(() => [...seen]).toEqual(['/sign-in: script-src-attr inline']);
  await insert(page, PAYLOAD.slice(28));
  await expect.poll(() => [...seen]).toEqual(['/sign-in: script-src-attr inline', '/sign-in: script-src-elem inline']);
});

test('f_34 texts that are scripts elsewhere are texts on every page', async ({ page, baseURL }) => {
  test.slow();
  const seen = await watch(page);
  const email = await register(page, PAYLOAD.slice(0, 90));
  await signIn(page, email);
  await page.getByLabel('Name', { exact: true }).fill(PAYLOAD.slice(0, 60));
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await expect(page.getByRole('heading', { name: /^Hello/ })).toBeVisible();
  await authenticator(page);
  await addPasskey(page, SHORT);
  const code = await page.getByTestId('recovery-codes').getByRole('listitem').first().innerText();
  // A program that calls itself so.
  const program = await fetch(new URL('/v1/auth/login', baseURL), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': `Loom${PAYLOAD}` },
    body: JSON.stringify({ email, password: PASSWORD, code, mode: 'token' })
  });
  expect(program.status).toBe(200);

  const handle = `${SHORT}${unique('ada')}`;
  expect(await send(page, '/v1/accounts', { network: 'playground', credentials: { identifier: handle } })).toBe(201);
  const [account] = ((await (await page.request.get('/v1/accounts')).json()) as { items: { id: string }[] }).items.map(({ id }) => id);
  const tenant: string = (await (await page.request.get('/v1/me')).json()).tenant_id;
  const security = await (await page.request.get(`/v1/tenants/${tenant}/security`)).json();
  const allowed_addresses = [{ range: security.your_address, note: PAYLOAD.slice(0, 60) }];
  expect(await send(page, `/v1/tenants/${tenant}/security`, { allowed_addresses }, 'PATCH')).toBe(200);
  expect(await send(page, `/v1/tenants/${tenant}/support-consent`, { days: 1 })).toBe(200);
  // Early: what happens in a visit is sealed by the timer of every minute.
  await visit(page, tenant);

  const base = { text: PAYLOAD, media: [await picture(page)] };
  const targets = [{ account_id: account, override: { text: `Own ${PAYLOAD}` } }];
  const at = new Date(Date.now() + 3_600_000).toISOString();
  for (const when of [{ draft: true }, { at }]) {
    expect(await send(page, '/v1/posts', { when, base, targets, tags: [PAYLOAD.slice(0, 50)] })).toBe(201);
  }

  const short = PAYLOAD.slice(0, 50);
  expect(await send(page, '/v1/roles', { name: short, permissions: ['read_tenant', 'read_posts'] })).toBe(201);
  expect(await send(page, '/v1/account-groups', { name: short, account_ids: [account] })).toBe(201);
  expect(await send(page, '/v1/api-keys', { name: short, scopes: ['read_posts'], expires_in_days: 30 })).toBe(201);
  const guest = `${unique('grace')}@example.com`;
  const { items: roles } = (await (await page.request.get('/v1/roles')).json()) as { items: { id: string; built_in: boolean }[] };
  expect(await send(page, '/v1/invitations', { email: guest, role: roles.find((each) => !each.built_in)?.id })).toBe(201);
  expect(await send(page, '/v1/exports', {})).toBe(202);

  const its = await within(page);
  // What pages take from their address is as hostile as what they are told.
  const hostile = PUBLIC.map((address) => address.replace(/=[xy](?=&|$)/g, `=${encodeURIComponent(PAYLOAD)}`));
  for (const address of [...OWN.map(its), ...hostile, `/sign-in?next=${encodeURIComponent('javascript:alert(3)')}`]) {
    await page.goto(address);
    await settled(page);
  }
  await page.goto(await newestLink(page.request, guest, 'invitation'));
  await expect(page.getByText(PAYLOAD.slice(0, 60)).first()).toBeVisible();
  await page.goto('/settings/roles');
  await expect(page.getByRole('heading', { level: 3, name: short, exact: true })).toHaveCount(2);
  await page.goto('/accounts');
  await expect(page.getByRole('heading', { level: 3, name: handle, exact: true })).toBeVisible();
  await page.goto('/me');
  await expect(page.locator('[data-passkey]')).toContainText(SHORT);
  await expect(page.getByRole('button', { name: 'End Loom', exact: true })).toBeVisible();
  await page.goto('/settings/workspace');
  await expect(page.getByLabel('Note')).toHaveValue(PAYLOAD.slice(0, 60));
  await page.getByLabel('All files of the export').setInputFiles({ name: `${PAYLOAD.replaceAll('/', '')}.zip`, mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await page.getByRole('button', { name: 'Upload and check' }).click();
  await expect(page.getByRole('alert').or(page.locator('[data-import]')).first()).toBeVisible();
  await page.goto(its('/posts/{post}/edit'));
  await expect(page.locator('[data-attachment=ready]')).toContainText(`${SHORT}.png`);
  await expect(page.getByLabel('Alt text')).toHaveValue(PAYLOAD);
  await settled(page);
  await page.goto(its('/posts/{post}'));
  await settled(page);
  await expect(page.getByRole('img', { name: PAYLOAD, exact: true })).toBeVisible();
  await expect(page.getByText(`Own ${PAYLOAD}`)).toBeVisible();
  // What happened has been written down meanwhile.
  await page.goto('/settings/audit');
  await expect(page.getByTestId('audit').getByText(PAYLOAD.slice(0, 90)).first()).toBeVisible({ timeout: 100_000 });
  await settled(page);
  await page.goto('/settings/support');
  await expect(page.getByTestId('support-visits')).toContainText(PAYLOAD, { timeout: 100_000 });
  await settled(page);

  expect([...seen]).toEqual([]);
});
