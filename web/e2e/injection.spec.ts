import { expect, test } from '@playwright/test';
import { settled } from './looks';
import { connectPlayground, register, send, signIn, unique } from './people';

// F-34: texts that are scripts to a careless page. They are shown as the texts that they are, and the policy of the
// pages has nothing to stop.

const PAYLOAD = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'`{{7*7}}';

test('f_34 texts that are scripts elsewhere are texts on every page', async ({ page }) => {
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

  for (const path of ['/', '/posts', '/calendar', '/accounts', '/compose', '/me', `/sign-in?next=${encodeURIComponent('javascript:alert(3)')}`]) {
    await page.goto(path);
    await settled(page);
  }
  const post = await page.evaluate(async () => ((await (await fetch('/v1/posts')).json()) as { items: { id: string }[] }).items[0]?.id);
  await page.goto(`/posts/${post}`);
  await settled(page);
  await expect(page.getByText('<script>alert(2)</script>').first()).toBeVisible();

  expect(violations).toEqual([]);
});
