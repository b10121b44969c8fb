import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { expect, test, type Page, type Response } from '@playwright/test';
import { arrive, connectPlayground, send, signIn, unique, wallIn } from './people';

// ID-28: what a page of another host makes the browser of somebody send who is signed in. The dashboard is visited under
// a name that has siblings: the cookie goes along with whatever they send. A neighbour of another site is tried, too.

const HOME = 'app.m1a.localhost';
const SIBLING = 'evil.m1a.localhost';
const STRANGER = 'evil.localhost';

interface Route { path: string; methods: string[]; guarded: boolean }

/** Every documented route that changes something; with ids of the person's own where they have such. */
function unsafeRoutes(own: Record<string, string>): Route[] {
  const { paths } = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, Record<string, { security?: object[] }>> };
  return Object.entries(paths).flatMap(([path, methods]) => {
    const unsafe = Object.entries(methods).filter(([method]) => ['post', 'put', 'patch', 'delete'].includes(method));
    const filled = path.replace(/^(\/v1\/([a-z-]+))\/\{id\}/, (_, begin: string, kind: string) => `${begin}/${own[kind] ?? 'x'}`).replace(/\{[a-z_]+\}/g, 'x');
    return unsafe.length === 0 ? [] : [{ path: filled, methods: unsafe.map(([method]) => method.toUpperCase()), guarded: unsafe.every(([, { security }]) => (security ?? []).length > 0) }];
  });
}

/** What the person has, as they see it themselves. */
function state(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const seen = [];
    for (const path of ['me', 'me/sessions', 'me/second-factor', 'me/passkeys', 'posts', 'accounts', 'media', 'members', 'invitations', 'roles', 'account-groups', 'api-keys', 'exports', 'imports']) {
      const answer = await fetch(`/v1/${path}`);
      seen.push([path, answer.status, await answer.json()]);
    }
    return JSON.stringify(seen, (name, value) => (name === 'last_used_at' || name === 'instance' ? undefined : value), 1);
  });
}

let neighbour: Server;
test.beforeAll(async () => {
  neighbour = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Free looms</title><h1>Free looms</h1>'));
  await new Promise<void>((listening) => neighbour.listen(0, '127.0.0.1', listening));
});
test.afterAll(() => {
  neighbour.close();
});

/** A page of another host, and every answer that it is given. */
async function neighbourly(page: Page, host: string): Promise<{ evil: Page; answers: Response[] }> {
  const evil = await page.context().newPage();
  await evil.goto(`http://${host}:${(neighbour.address() as AddressInfo).port}/`);
  const answers: Response[] = [];
  evil.on('response', (answer) => answers.push(answer));
  return { evil, answers };
}

/** Sends whatever scripts of another page can send to a route: what needs no leave, and what asks for it first. */
function callAll(evil: Page, home: string, routes: Route[]): Promise<string[]> {
  return evil.evaluate(
    async ([to, all]) => {
      const taken: string[] = [];
      const body = JSON.stringify({ name: 'Taken', when: { draft: true }, base: { text: 'Taken' }, targets: [], tags: [] });
      for (const { path, methods } of all) {
        if (methods.includes('POST')) await fetch(to + path, { method: 'POST', mode: 'no-cors', credentials: 'include', body });
        for (const method of methods) {
          const asks = fetch(to + path, { method, credentials: 'include', headers: { 'content-type': 'application/json' }, body });
          await asks.then(() => taken.push(`${method} ${path}`), () => undefined);
        }
      }
      navigator.sendBeacon(`${to}/v1/auth/logout`, body);
      return taken;
    },
    [home, routes] as const
  );
}

/** Posts a form of each kind into a frame; the statuses. */
async function postForms(evil: Page, address: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const kind of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const answering = evil.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url() === address);
    await evil.evaluate(
      ([to, enctype]) => {
        document.body.innerHTML = '<iframe name="into"></iframe><form method="post" target="into"><input type="hidden"></form>';
        const form = document.querySelector('form');
        const field = document.querySelector('input');
        if (!form || !field) return;
        // As text, it reads as JSON.
        Object.assign(field, { name: '{"name":"Taken","more":"', value: '"}' });
        Object.assign(form, { action: to, enctype });
        form.submit();
      },
      [address, kind] as const
    );
    statuses.push((await answering).status());
  }
  return statuses;
}

/** Asks for addresses as pictures, scripts, styles or frames, and waits until each came or failed. */
function embed(evil: Page, addresses: string[], ...kinds: ('img' | 'script' | 'link' | 'iframe')[]): Promise<void> {
  return evil.evaluate(
    async ([all, names]) => {
      const coming = all.flatMap((to) =>
        names.map((name) => {
          const element = document.createElement(name);
          const over = new Promise<unknown>((done) => ['load', 'error'].forEach((kind) => element.addEventListener(kind, done)));
          Object.assign(element, name === 'link' ? { rel: 'stylesheet', href: to } : { src: to });
          document.body.append(element);
          return over;
        })
      );
      await Promise.all(coming);
    },
    [addresses, kinds] as const
  );
}

for (const host of [SIBLING, STRANGER]) {
  test(`id_28 a page at ${host} changes nothing of somebody who is signed in`, async ({ page, baseURL }) => {
    test.slow();
    const email = await arrive(page, 'Analytical Engines');
    const home = `http://${HOME}:${new URL(baseURL ?? '').port}`;
    await page.goto(`${home}/sign-in`);
    await signIn(page, email);
    await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
    await connectPlayground(page, unique('ada'));
    const own = await page.evaluate(async () => {
      const read = async (path: string) => (await fetch(`/v1/${path}`)).json();
      const [me, accounts] = [await read('me'), await read('accounts')];
      return { tenants: me.tenant_id as string, members: me.user.id as string, accounts: accounts.items[0].id as string };
    });
    const when = { at: await wallIn(page, 3_600_000), zone: 'Europe/Berlin' };
    expect(await send(page, '/v1/posts', { when, base: { text: 'Ada wrote this', media: [] }, targets: [{ account_id: own.accounts }], tags: [] })).toBe(201);
    const posts = await page.evaluate(async () => (await (await fetch('/v1/posts')).json()).items[0].id as string);
    const before = await state(page);
    const routes = unsafeRoutes({ ...own, posts });
    expect(routes.length).toBeGreaterThan(50);

    const { evil, answers } = await neighbourly(page, host);
    expect(await callAll(evil, home, routes)).toEqual([]);
    const some = ['/v1/auth/logout', '/v1/me/email', '/v1/tenants', '/v1/posts'].map((path) => home + path);
    // Without the cookie, which stays at home, nobody is signed in.
    const refused = host === SIBLING ? 403 : 401;
    for (const address of some) expect(await postForms(evil, address), address).toEqual([refused, refused, refused]);
    await embed(evil, routes.map(({ path }) => home + path), 'img');
    await embed(evil, some, 'script', 'link', 'iframe');

    const guarded = routes.filter((route) => route.guarded && route.methods.includes('POST')).map(({ path }) => path);
    const sent = answers.filter((answer) => answer.request().method() === 'POST').map((answer) => ({ path: new URL(answer.url()).pathname, status: answer.status() }));
    // Whoever asks is given a number to sign.
    expect(new Set(sent.filter(({ status }) => status < 400).map(({ path }) => path))).toEqual(new Set(['/v1/auth/passkey/options']));
    const toGuarded = sent.filter(({ path }) => guarded.includes(path));
    expect(new Set(toGuarded.map(({ path }) => path))).toEqual(new Set(guarded));
    expect(toGuarded.filter(({ status }) => status !== refused)).toEqual([]);
    expect(await state(page)).toBe(before);
  });
}

test('id_28 a page at a sibling sees, frames and holds nothing of the dashboard', async ({ page, baseURL }) => {
  const email = await arrive(page, 'Analytical Engines');
  const home = `http://${HOME}:${new URL(baseURL ?? '').port}`;
  await page.goto(`${home}/sign-in`);
  await signIn(page, email);
  await expect(page.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
  const { evil } = await neighbourly(page, SIBLING);

  const read = await evil.evaluate(async (to) => {
    const asked = await Promise.allSettled([fetch(`${to}/v1/me`, { credentials: 'include' }), fetch(`${to}/`, { credentials: 'include' })]);
    const socket = new WebSocket(`${to.replace('http', 'ws')}/v1/me`);
    const opened = await new Promise<boolean>((done) => {
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    });
    return { answered: asked.filter(({ status }) => status === 'fulfilled').length, opened };
  }, home);
  expect(read).toEqual({ answered: 0, opened: false });

  await embed(evil, [`${home}/`], 'iframe');
  const inside = evil.frames().filter((frame) => frame.url().startsWith(home));
  expect(inside).toEqual([]);

  const opening = page.context().waitForEvent('page');
  await evil.evaluate((to) => Object.assign(window, { held: window.open(`${to}/`) }), home);
  const opened = await opening;
  await expect(opened.getByRole('heading', { name: 'Hello Ada' })).toBeVisible();
  // The browser has cut the tie between the two windows.
  expect(await evil.evaluate(() => (window as unknown as { held: Window }).held.closed)).toBe(true);
  expect(await opened.evaluate(() => window.opener)).toBeNull();
});
