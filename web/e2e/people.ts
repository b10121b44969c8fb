import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { note, watch } from './secrets';

export const PASSWORD = 'loom flowers algebra 1843';

let number = 0;
/** A word that no earlier run has used, and no other worker of this one. */
export function unique(word: string): string {
  number += 1;
  return `${word}-${process.env['TEST_PARALLEL_INDEX'] ?? 0}${Date.now().toString(36)}${number}`;
}

/** Registers in the browser and follows the link of the mail; ends on the sign-in page. */
export async function register(page: Page, name: string): Promise<string> {
  const email = `${unique('ada')}@example.com`;
  watch(page.context());
  note('mark', email);
  await page.goto('/register');
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create an account' }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open the local outbox' })).toBeVisible();
  await page.goto(`/verify-email?token=${await tokenFor(page.request, email)}`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Confirm my address' }).click();
  await expect(page.getByText('Your e-mail address is confirmed')).toBeVisible();
  return email;
}

export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  watch(page.context());
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** A person with a tenant, on the home page. */
export async function arrive(page: Page, tenant: string): Promise<string> {
  const email = await register(page, 'Ada Lovelace');
  await signIn(page, email);
  await page.getByLabel('Name', { exact: true }).fill(tenant);
  await expect(page.getByLabel('Time zone')).toHaveValue('Europe/Berlin');
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
  return email;
}

export async function connectPlayground(page: Page, identifier: string): Promise<void> {
  await page.goto('/accounts');
  await page.getByRole('button', { name: 'Connect Playground' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(identifier);
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.locator(`[data-account="${identifier}"]`).getByText('Connected')).toBeVisible();
}

/** A write as the page itself sends it; its status. */
export function send(page: Page, path: string, body: object, method = 'POST'): Promise<number> {
  return page.evaluate(
    async ([to, content, how]) => (await fetch(to, { method: how, headers: { 'content-type': 'application/json' }, body: content })).status,
    [path, JSON.stringify(body), method] as const
  );
}

/** How the playground answers the next publishing calls of an account. */
export async function behave(request: APIRequestContext, identifier: string, mode: string, more: object = {}): Promise<void> {
  const answer = await request.put('/local/networks/playground/behaviour', { data: { identifier, mode, ...more } });
  expect(answer.ok()).toBe(true);
}

/** What readers of the playground see of an account. */
export async function published(request: APIRequestContext, identifier: string): Promise<{ text: string; media: { alt_text: string }[] }[]> {
  const answer = await request.get(`/local/networks/playground/posts?identifier=${encodeURIComponent(identifier)}`);
  return (await answer.json()).items;
}

/** The wall time in the browser's zone some milliseconds from now, as the form takes it. */
export function wallIn(page: Page, milliseconds: number): Promise<string> {
  return page.evaluate((ahead) => {
    const at = new Date(Date.now() + ahead);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  }, milliseconds);
}

async function tokenFor(request: APIRequestContext, email: string): Promise<string> {
  let token: string | null = null;
  await expect
    .poll(async () => {
      const outbox = await request.get(`/local/outbox?to=${encodeURIComponent(email)}`);
      const { items } = (await outbox.json()) as { items: { links: string[] }[] };
      const link = items[0]?.links.find((each) => each.includes('token='));
      token = link ? new URL(link).searchParams.get('token') : null;
      return token;
    })
    .not.toBeNull();
  note('link', token ?? '');
  return token ?? '';
}

/** The newest link to a page that was mailed to an address. */
export async function newestLink(request: APIRequestContext, email: string, to: string): Promise<string> {
  let found: string | undefined;
  await expect
    .poll(async () => {
      const outbox = await request.get(`/local/outbox?to=${encodeURIComponent(email)}`);
      const { items } = (await outbox.json()) as { items: { links: string[] }[] };
      found = items.flatMap((item) => item.links).find((link) => link.includes(`/${to}?`));
      return found;
    })
    .toBeDefined();
  const link = new URL(found ?? '');
  note('link', link.searchParams.get('token') ?? '');
  return link.pathname + link.search;
}

/** The wall time of an hour of a day of the browser's zone, some days from today: what no clock change moves to another day. */
export function wallOn(page: Page, days: number, hour: string): Promise<string> {
  return page.evaluate(
    ([ahead, at]) => {
      const today = new Date();
      const day = new Date(Date.UTC(today.getFullYear(), today.getMonth(), today.getDate() + ahead));
      return `${day.toISOString().slice(0, 10)}T${at}:00`;
    },
    [days, hour] as const
  );
}
