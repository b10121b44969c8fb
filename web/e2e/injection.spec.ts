import { expect, test } from '@playwright/test';
import { settled } from './looks';
import { OWN, PUBLIC, within } from './pages';
import { connectPlayground, newestLink, register, send, signIn, unique } from './people';

// F-34: texts that are scripts to a careless page. They are shown as the texts that they are, and the policy of the
// pages has nothing to stop.

const PAYLOAD = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'`{{7*7}}';

test('f_34 texts that are scripts elsewhere are texts on every page', async ({ page }) => {
  test.slow();
  const violations: string[] = [];
  await page.exposeFunction('noteViolation', (what: string) => violations.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      void (window as unknown as { noteViolation: (what: string) => void }).noteViolation(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  page.on('dialog', (dialog) => {
    violations.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });

  const email = await register(page, PAYLOAD.slice(0, 90));
  await signIn(page, email);
  await page.getByLabel('Name', { exact: true }).fill(PAYLOAD.slice(0, 60));
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await expect(page.getByRole('heading', { name: /^Hello/ })).toBeVisible();
  const handle = unique('ada');
  await connectPlayground(page, handle);
  const account = await page.evaluate(async () => ((await (await fetch('/v1/accounts')).json()) as { items: { id: string }[] }).items[0]?.id);
  expect(await send(page, '/v1/posts', { when: { draft: true }, base: { text: PAYLOAD }, targets: [{ account_id: account }] })).toBe(201);
  const at = new Date(Date.now() + 3_600_000).toISOString();
  expect(await send(page, '/v1/posts', { when: { at }, base: { text: PAYLOAD }, targets: [{ account_id: account }] })).toBe(201);

  const short = PAYLOAD.slice(0, 50);
  expect(await send(page, '/v1/roles', { name: short, permissions: ['read_tenant', 'read_posts'] })).toBe(201);
  expect(await send(page, '/v1/account-groups', { name: short, account_ids: [account] })).toBe(201);
  expect(await send(page, '/v1/api-keys', { name: short, scopes: ['read_posts'], expires_in_days: 30 })).toBe(201);
  const guest = `${unique('grace')}@example.com`;
  const { role, tenant } = await page.evaluate(async () => {
    const [roles, me] = await Promise.all(['roles', 'me'].map(async (path) => (await fetch(`/v1/${path}`)).json()));
    return { role: roles.items.find((each: { built_in: boolean }) => !each.built_in).id as string, tenant: me.tenant_id as string };
  });
  expect(await send(page, '/v1/invitations', { email: guest, role })).toBe(201);
  expect(await send(page, `/v1/tenants/${tenant}/support-consent`, { days: 1 })).toBe(200);
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
  await page.goto('/settings/workspace');
  await page.getByLabel('All files of the export').setInputFiles({ name: `${PAYLOAD.replaceAll('/', '')}.zip`, mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await page.getByRole('button', { name: 'Upload and check' }).click();
  await expect(page.getByRole('alert').or(page.locator('[data-import]')).first()).toBeVisible();
  await page.goto(its('/posts/{post}'));
  await settled(page);
  await expect(page.getByText('<script>alert(2)</script>').first()).toBeVisible();
  // What happened has been written down meanwhile.
  await page.goto('/settings/audit');
  await expect(page.getByTestId('audit').getByText(PAYLOAD.slice(0, 90)).first()).toBeVisible({ timeout: 100_000 });
  await settled(page);

  expect(violations).toEqual([]);
});
