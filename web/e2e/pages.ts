import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

// Every page of the dashboard by the addresses at which the tests look at it. A new page gets a line here; without one,
// `looks.spec.ts` fails.

/** What everybody can open. */
export const PUBLIC: readonly string[] = [
  '/sign-in',
  '/register',
  '/verify-email',
  '/verify-email?token=x',
  '/forgot-password',
  '/reset-password',
  '/reset-password?token=x',
  '/reset-second-factor?token=x',
  '/admit-browser',
  '/admit-browser?token=x',
  '/confirm-email?token=x',
  '/revert-email?token=x',
  '/invitation?token=x',
  '/connect',
  '/connect?state=x&code=y',
  '/no/such/page'
];

/** What somebody with a workspace can open: `{post}` is a scheduled post of it, `{account}` an account of that. */
export const OWN: readonly string[] = [
  '/',
  '/posts',
  '/posts/{post}',
  '/posts/{post}/edit',
  '/posts/{post}/again?account={account}',
  '/calendar',
  '/compose',
  '/accounts',
  '/me',
  '/tenants/new',
  '/settings/members',
  '/settings/roles',
  '/settings/keys',
  '/settings/audit',
  '/settings/workspace',
  '/settings/support'
];

/** What an address is called in findings and pictures. */
export function nameOf(address: string): string {
  return address.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'home';
}

/** The address in the workspace of whoever is signed in. */
export async function within(page: Page): Promise<(address: string) => string> {
  const { items } = (await (await page.request.get('/v1/posts')).json()) as { items: { id: string; state: string; targets: { account_id: string }[] }[] };
  const post = items.find(({ state }) => state === 'scheduled');
  const [target] = post?.targets ?? [];
  if (!post || !target) throw new Error('the workspace has no scheduled post');
  return (address) => address.replace('{post}', post.id).replace('{account}', target.account_id);
}

/** The pages that the dashboard has and no test looks at. */
export function unseen(): string[] {
  const folder = fileURLToPath(new URL('../src/routes', import.meta.url));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(({ name }) => name === '+page.svelte');
  const routes = files.map(({ parentPath }) => `/${relative(folder, parentPath)}`.replace(/\/\([^/]+\)/g, '') || '/');
  // A parameter stands for one part of the path.
  const pattern = (route: string) => new RegExp(`^${route.replace(/\[[^\]]+\]/g, '[^/]+')}$`);
  const paths = [...PUBLIC, ...OWN].map((address) => address.split('?')[0] ?? '');
  return routes.filter((route) => !paths.some((path) => pattern(route).test(path)));
}
