// An in-memory stand-in for the host, for developing the dashboard only: it forgets everything when it stops.
// `node mock/server.mjs`, then `M1A_BASE_URL=http://127.0.0.1:8787 npm run dev`.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { extname, join } from 'node:path';

const port = Number(process.env.M1A_PORT ?? 8787);
const build = new URL('../build/', import.meta.url).pathname;
const id = (prefix) => `${prefix}_${Date.now().toString(36)}${randomBytes(6).toString('hex')}`;
const now = () => new Date().toISOString();

const users = new Map(), sessions = new Map(), tenants = new Map(), outbox = [], verify = new Map();
const accounts = new Map(), media = new Map(), posts = new Map(), events = new Map(), keys = new Map();
const behaviours = new Map(), playground = [];

const networks = [
  { id: 'bluesky', name: 'Bluesky', connect: 'credentials', credential_fields: [{ name: 'service', label: 'Server', secret: false, optional: true, placeholder: 'https://bsky.social' }, { name: 'identifier', label: 'Handle or e-mail address', secret: false, optional: false, placeholder: 'alice.bsky.social' }, { name: 'app_password', label: 'App password', secret: true, optional: false, placeholder: 'xxxx-xxxx-xxxx-xxxx' }], rules: { text: { graphemes_max: 300, bytes_max: 3000 }, media: { images_max: 4 } } },
  { id: 'playground', name: 'Playground', connect: 'credentials', credential_fields: [{ name: 'identifier', label: 'Name', secret: false, optional: false, placeholder: 'any name' }], rules: { text: { graphemes_max: 500, bytes_max: 5000 }, media: { images_max: 4 } } }
];

class Problem extends Error {
  constructor(status, code, detail, errors = []) { super(detail); Object.assign(this, { status, code, errors }); }
}
const field = (pointer, code, message) => new Problem(422, 'invalid_request', message, [{ pointer, code, message }]);

function mail(to, subject, text) {
  const links = [...text.matchAll(/https?:\/\/\S+/g)].map((m) => m[0]);
  outbox.unshift({ to, subject, text, html: `<p>${text}</p>`, links, sent_at: now() });
}
function event(post, name, actor, detail = {}, target_id = null) {
  events.get(post.id).push({ at: now(), target_id, event: name, actor, detail, hash: null });
}

/** Wall time in a zone to an instant: try the offsets that the zone has around it. */
function instant(at, zone) {
  if (/(Z|[+-]\d\d:\d\d)$/.test(at)) return new Date(at);
  const asUtc = Date.parse(`${at}Z`);
  const offset = (t) => {
    const p = Object.fromEntries(new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }).formatToParts(t).map((x) => [x.type, x.value]));
    return Date.parse(`${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}Z`) - t;
  };
  const first = asUtc - offset(asUtc);
  return new Date(asUtc - offset(first));
}
function resolveWhen(when) {
  if (when?.draft) return { state: 'draft', when: { at: null, zone: null, due_at: null, adjusted: null } };
  if (when?.now) return { state: 'scheduled', when: { at: null, zone: null, due_at: now(), adjusted: null } };
  if (!when?.at) throw field('/when', 'required', 'Say when: draft, now, or a time with its zone.');
  if (!when.zone && !/(Z|[+-]\d\d:\d\d)$/.test(when.at)) throw field('/when/zone', 'required', 'A local time needs its time zone.');
  const due = instant(when.at, when.zone);
  if (due < Date.now() - 60_000) throw field('/when/at', 'in_past', 'Choose a time in the future. This one has passed.');
  return { state: 'scheduled', when: { at: when.at, zone: when.zone ?? null, due_at: due.toISOString(), adjusted: null } };
}
function violations(body) {
  const found = [];
  body.targets.forEach((target, i) => {
    const account = accounts.get(target.account_id);
    const rules = networks.find((n) => n.id === account.network).rules;
    const text = target.override?.text ?? body.base.text ?? '';
    const pointer = target.override?.text === undefined ? '/base/text' : `/targets/${i}/override/text`;
    const size = [...new Intl.Segmenter().segment(text)].length;
    if (size > rules.text.graphemes_max) found.push({ target: account.id, pointer, rule: 'text_too_long', message: `${account.handle} takes at most ${rules.text.graphemes_max} characters.`, measured: size, limit: rules.text.graphemes_max, fix: `Shorten the text by ${size - rules.text.graphemes_max} characters, or customise it for this account.` });
    if (!text.trim() && !(body.base.media ?? []).length) found.push({ target: account.id, pointer, rule: 'empty', message: 'The post is empty.', measured: 0, limit: 1, fix: 'Write a text or add an image.' });
    if ((body.base.media ?? []).length > rules.media.images_max) found.push({ target: account.id, pointer: '/base/media', rule: 'too_many_images', message: `${account.handle} takes at most ${rules.media.images_max} images.`, measured: body.base.media.length, limit: rules.media.images_max, fix: 'Remove images.' });
  });
  return found;
}

const ACTIONS = { draft: ['schedule', 'edit', 'delete'], scheduled: ['edit', 'cancel', 'hold', 'unschedule'], held: ['resume', 'cancel'], failed: ['edit', 'retry'], missed: ['edit', 'retry'], outcome_unknown: ['resolve'] };
const rollup = (targets) => {
  const states = [...new Set(targets.map((t) => t.state))];
  if (states.length === 1) return states[0];
  if (states.some((s) => ['failed', 'outcome_unknown', 'missed'].includes(s))) return states.includes('published') ? 'partial' : 'needs_attention';
  return states.find((s) => ['publishing', 'queued', 'processing', 'scheduled'].includes(s)) ?? states[0];
};
function view(post) {
  const targets = post.targets.map((t) => ({ ...t, allowed_actions: [...(ACTIONS[t.state] ?? [])] }));
  return { id: post.id, state: rollup(targets), when: post.when, base: post.base, targets, tags: post.tags, allowed_actions: [...new Set([...targets.flatMap((t) => t.allowed_actions).filter((a) => a !== 'resolve'), 'duplicate'])], created_at: post.created_at, updated_at: post.updated_at };
}
const card = (post) => { const v = view(post); return { id: v.id, state: v.state, when: v.when, snippet: (v.base.text ?? '').slice(0, 140), tags: v.tags, targets: v.targets.map(({ id, account_id, network, state, due_at, permalink }) => ({ id, account_id, network, state, due_at, permalink })), updated_at: v.updated_at }; };

function publishDue() {
  for (const post of posts.values()) for (const target of post.targets) {
    if (target.state !== 'scheduled' || Date.parse(target.due_at) > Date.now()) continue;
    target.state = 'publishing';
    event(post, 'claimed', 'system', {}, target.id);
    setTimeout(() => {
      const account = accounts.get(target.account_id);
      const b = behaviours.get(account?.handle);
      const mode = b && b.times !== 0 ? b.mode : 'ok';
      if (b && b.times > 0) b.times -= 1;
      post.updated_at = now();
      if (mode === 'rejected') {
        target.state = 'failed';
        target.error = { code: 'platform_rejected', category: 'content', actor: 'user', message: 'The network refused this post.', remedy: 'Change the text, then retry.' };
        return event(post, 'failed', 'system', { code: 'platform_rejected' }, target.id);
      }
      if (mode === 'lost_answer') {
        target.state = 'outcome_unknown';
        target.error = { code: 'outcome_unknown', category: 'unknown', actor: 'user', message: 'The network did not answer, so we cannot tell whether the post is out.', remedy: 'Look at the profile, then say here whether it was published.' };
        return event(post, 'outcome_unknown', 'system', {}, target.id);
      }
      const remote = randomBytes(5).toString('hex');
      Object.assign(target, { state: 'published', error: null, remote_id: remote, permalink: `http://127.0.0.1:${port}/local/playground/${account.handle}#${remote}`, published_at: now(), lateness_ms: Date.now() - Date.parse(target.due_at), proof: 'read_back' });
      playground.push({ identifier: account.handle, id: remote, text: target.override?.text ?? post.base.text, media: post.base.media.map((id) => ({ url: media.get(id).url, content_type: media.get(id).content_type, alt_text: media.get(id).alt_text ?? '' })), reply_to: null, posted_at: now() });
      event(post, 'published', 'system', { permalink: target.permalink, proof: 'read_back' }, target.id);
    }, 1500);
  }
}
setInterval(publishDue, 250).unref();

const routes = [];
const on = (method, pattern, options, handler) => routes.push({ method, regex: new RegExp(`^${pattern.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`), options, handler });
const mine = (map, key, tenant, what) => { const found = map.get(key); if (!found || found.tenant !== tenant) throw new Problem(404, 'not_found', `There is no such ${what}.`); return found; };
const strip = ({ tenant, body, ...rest }) => rest;
const sessionView = (s) => ({ user: s.user.public, tenants: [...s.user.tenants].map((t) => ({ id: t, name: tenants.get(t).name, role: 'owner' })), tenant_id: s.tenant });

on('POST', '/v1/auth/register', { open: true }, ({ body }) => {
  if (!/^\S+@\S+\.\S+$/.test(body.email ?? '')) throw field('/email', 'invalid', 'Enter an e-mail address such as name@example.com.');
  if ((body.password ?? '').length < 12) throw field('/password', 'too_short', 'Use at least 12 characters.');
  if (!users.has(body.email)) {
    const user = { password: body.password, verified: false, tenants: new Set(), public: { id: id('usr'), email: body.email, name: body.name, locale: 'en', time_zone: 'UTC' } };
    users.set(body.email, user);
    const token = randomBytes(16).toString('hex');
    verify.set(token, user);
    mail(body.email, 'Confirm your e-mail address', `Hello ${body.name}, please open http://127.0.0.1:${port}/verify-email?token=${token}`);
  }
  return [202];
});
on('POST', '/v1/auth/resend-verification', { open: true }, () => [202]);
on('POST', '/v1/auth/verify-email', { open: true }, ({ body }) => {
  const user = verify.get(body.token);
  if (!user) throw new Problem(422, 'invalid_token', 'This link is not valid any more. Ask for a new one.');
  user.verified = true; verify.delete(body.token);
  return [204];
});
on('POST', '/v1/auth/login', { open: true }, ({ body, res }) => {
  const user = users.get(body.email);
  if (!user || user.password !== body.password) throw new Problem(401, 'invalid_credentials', 'E-mail address and password do not match.');
  if (!user.verified) throw new Problem(403, 'email_not_verified', 'Confirm your e-mail address first.');
  const sid = randomBytes(16).toString('hex');
  sessions.set(sid, { user, tenant: [...user.tenants][0] ?? null });
  res.setHeader('set-cookie', `sid=${sid}; HttpOnly; SameSite=Lax; Path=/`);
  return [200, sessionView(sessions.get(sid))];
});
on('POST', '/v1/auth/logout', {}, ({ sid, res }) => { sessions.delete(sid); res.setHeader('set-cookie', 'sid=; Max-Age=0; Path=/'); return [204]; });
on('POST', '/v1/auth/switch', {}, ({ body, session }) => {
  if (!session.user.tenants.has(body.tenant_id)) throw new Problem(404, 'not_found', 'There is no such tenant.');
  session.tenant = body.tenant_id; return [200, sessionView(session)];
});
on('GET', '/v1/me', {}, ({ session }) => [200, sessionView(session)]);
on('GET', '/v1/tenants', {}, ({ session }) => [200, { items: [...session.user.tenants].map((t) => tenants.get(t)), next: null }]);
on('POST', '/v1/tenants', {}, ({ body, session }) => {
  if (!body.name?.trim()) throw field('/name', 'required', 'Give the workspace a name.');
  const tenant = { id: id('ten'), name: body.name, time_zone: body.time_zone, role: 'owner' };
  tenants.set(tenant.id, tenant); session.user.tenants.add(tenant.id); session.tenant = tenant.id;
  return [201, tenant];
});
on('GET', '/v1/tenants/{id}', {}, ({ params }) => [200, tenants.get(params.id)]);
on('GET', '/v1/networks', {}, () => [200, { items: networks }]);
on('GET', '/v1/accounts', {}, ({ tenant }) => [200, { items: [...accounts.values()].filter((a) => a.tenant === tenant).map(strip), next: null }]);
on('POST', '/v1/accounts', {}, ({ body, tenant }) => {
  const c = body.credentials ?? {};
  if (!c.identifier) throw field('/credentials/identifier', 'required', 'Enter the handle of the account.');
  if (body.network === 'bluesky' && c.app_password === 'wrong') throw field('/credentials/app_password', 'refused', 'The network refused this app password. Make a new one in its settings.');
  const known = [...accounts.values()].find((a) => a.network === body.network && a.handle === c.identifier);
  if (known && known.tenant !== tenant) throw new Problem(409, 'already_connected', 'This account is connected in another workspace.');
  if (known) { known.state = 'connected'; known.checked_at = now(); return [200, strip(known)]; }
  const account = { tenant, id: id('acc'), network: body.network, remote_id: c.identifier, handle: c.identifier, name: c.identifier, avatar_url: null, state: 'connected', checked_at: now() };
  accounts.set(account.id, account);
  return [201, strip(account)];
});
on('GET', '/v1/accounts/{id}', {}, ({ params, tenant }) => [200, strip(mine(accounts, params.id, tenant, 'account'))]);
on('POST', '/v1/accounts/{id}/check', {}, ({ params, tenant }) => {
  const account = mine(accounts, params.id, tenant, 'account');
  account.checked_at = now();
  account.state = behaviours.get(account.handle)?.mode === 'revoked' ? 'reconnect_needed' : 'connected';
  return [200, strip(account)];
});
on('DELETE', '/v1/accounts/{id}', {}, ({ params, tenant }) => { mine(accounts, params.id, tenant, 'account'); accounts.delete(params.id); return [204]; });
on('POST', '/v1/media', {}, ({ body, tenant, host }) => {
  const item = { tenant, id: id('med'), state: 'uploading', kind: 'image', ...body };
  media.set(item.id, item);
  return [201, { id: item.id, upload: { method: 'PUT', url: `http://${host}/local/objects/${item.id}`, headers: { 'content-type': body.content_type } } }];
});
on('POST', '/v1/media/{id}/complete', {}, ({ params, tenant, host }) => {
  const item = mine(media, params.id, tenant, 'file');
  if (!item.body) throw new Problem(422, 'not_uploaded', 'The file did not arrive. Upload it again.');
  Object.assign(item, { state: 'ready', width: 1200, height: 800, url: `http://${host}/local/objects/${item.id}` });
  return [200, strip(item)];
});
on('GET', '/v1/media/{id}', {}, ({ params, tenant }) => [200, strip(mine(media, params.id, tenant, 'file'))]);
on('PATCH', '/v1/media/{id}', {}, ({ params, tenant, body }) => [200, strip(Object.assign(mine(media, params.id, tenant, 'file'), body))]);
on('DELETE', '/v1/media/{id}', {}, ({ params }) => { media.delete(params.id); return [204]; });

const etag = (post, res) => res.setHeader('etag', `"${post.version}"`);
const precondition = (post, req, required) => {
  const match = req.headers['if-match'];
  if (!match && required) throw new Problem(428, 'version_required', 'Send If-Match.');
  if (match && match !== `"${post.version}"`) throw new Problem(412, 'stale_version', 'Somebody else changed this post in the meantime.');
};
function checkTargets(body, tenant) {
  if (!body.targets?.length) throw field('/targets', 'required', 'Choose at least one account.');
  body.targets.forEach((t, i) => { if (accounts.get(t.account_id)?.tenant !== tenant) throw field(`/targets/${i}/account_id`, 'not_found', 'There is no such account.'); });
}
const makeTarget = (t, when) => ({ id: id('dlv'), account_id: t.account_id, network: accounts.get(t.account_id).network, state: when.state, due_at: when.when.due_at, remote_id: null, permalink: null, published_at: null, lateness_ms: null, proof: null, override: t.override ?? null, options: t.options ?? {}, error: null });
on('GET', '/v1/posts', {}, ({ query, tenant }) => {
  let items = [...posts.values()].filter((p) => p.tenant === tenant).map(card).reverse();
  if (query.state) items = items.filter((c) => c.state === query.state);
  if (query.account) items = items.filter((c) => c.targets.some((t) => t.account_id === query.account));
  if (query.from) items = items.filter((c) => c.when.due_at && c.when.due_at >= query.from && c.when.due_at < query.to);
  const start = Number(query.cursor ?? 0), limit = Number(query.limit ?? 50);
  return [200, { items: items.slice(start, start + limit), next: items.length > start + limit ? String(start + limit) : null }];
});
on('POST', '/v1/posts', {}, ({ body, query, tenant, req, res }) => {
  checkTargets(body, tenant);
  const when = resolveWhen(body.when);
  const found = violations(body);
  if (query.dry_run) return [200, { valid: !found.length, violations: found, cost: null }];
  const key = req.headers['idempotency-key'];
  if (key && keys.has(key)) { const post = posts.get(keys.get(key)); etag(post, res); return [201, view(post)]; }
  if (found.length && when.state !== 'draft') throw new Problem(422, 'invalid_request', 'The post breaks a rule of a network.', found.map((v) => ({ pointer: v.pointer, code: v.rule, message: `${v.fix} ${v.message}` })));
  const post = { tenant, id: id('post'), version: 1, when: when.when, base: { text: body.base.text ?? '', media: body.base.media ?? [] }, targets: body.targets.map((t) => makeTarget(t, when)), tags: body.tags ?? [], created_at: now(), updated_at: now() };
  posts.set(post.id, post); events.set(post.id, []);
  if (key) keys.set(key, post.id);
  event(post, 'created', 'user'); if (when.state === 'scheduled') event(post, 'scheduled', 'user', post.when);
  etag(post, res);
  return [201, view(post)];
});
on('GET', '/v1/posts/{id}', {}, ({ params, tenant, res }) => { const post = mine(posts, params.id, tenant, 'post'); etag(post, res); return [200, view(post)]; });
on('PATCH', '/v1/posts/{id}', {}, ({ params, tenant, body, req, res }) => {
  const post = mine(posts, params.id, tenant, 'post');
  precondition(post, req, true);
  if (post.targets.some((t) => !['draft', 'scheduled', 'held', 'failed', 'missed'].includes(t.state))) throw new Problem(409, 'already_publishing', 'This post is already on its way.');
  if (body.base) Object.assign(post.base, body.base);
  const when = body.when ? resolveWhen(body.when) : null;
  if (when) post.when = when.when;
  const current = when ?? { state: post.targets[0].state, when: post.when };
  if (body.targets) { checkTargets(body, tenant); post.targets = body.targets.map((t) => ({ ...makeTarget(t, current), id: post.targets.find((o) => o.account_id === t.account_id)?.id ?? id('dlv') })); }
  else if (when) for (const t of post.targets) Object.assign(t, { state: when.state, due_at: when.when.due_at });
  if (body.tags) post.tags = body.tags;
  post.version += 1; post.updated_at = now(); event(post, 'edited', 'user'); etag(post, res);
  return [200, view(post)];
});
on('DELETE', '/v1/posts/{id}', {}, ({ params, tenant }) => {
  const post = mine(posts, params.id, tenant, 'post');
  if (post.targets.every((t) => t.state === 'draft')) { posts.delete(post.id); return [204]; }
  for (const t of post.targets) if (['scheduled', 'held'].includes(t.state)) t.state = 'cancelled';
  return [200, view(post)];
});
const moves = { cancel: [['scheduled', 'held', 'draft'], 'cancelled'], hold: [['scheduled'], 'held'], resume: [['held'], 'scheduled'], unschedule: [['scheduled', 'held'], 'draft'], retry: [['failed', 'missed'], 'scheduled'], schedule: [['draft', 'held', 'scheduled'], 'scheduled'] };
for (const [action, [from, to]] of Object.entries(moves)) on('POST', `/v1/posts/{id}/${action}`, {}, ({ params, tenant, body, req, res }) => {
  const post = mine(posts, params.id, tenant, 'post');
  precondition(post, req, false);
  const chosen = post.targets.filter((t) => (!body.targets || body.targets.includes(t.id)) && from.includes(t.state));
  if (!chosen.length) throw new Problem(409, 'not_allowed', `Nothing here can be changed by ${action}.`);
  if (action === 'schedule') post.when = resolveWhen(body.when).when;
  for (const t of chosen) { t.state = to; if (to === 'draft') t.due_at = null; else if (action === 'retry') t.due_at = now(); else if (action === 'schedule') t.due_at = post.when.due_at; t.error = null; event(post, action, 'user', {}, t.id); }
  if (action === 'unschedule') post.when = { at: null, zone: null, due_at: null, adjusted: null };
  post.version += 1; post.updated_at = now(); etag(post, res);
  return [200, view(post)];
});
on('POST', '/v1/posts/{id}/duplicate', {}, ({ params, tenant, res }) => {
  const post = mine(posts, params.id, tenant, 'post'), draft = resolveWhen({ draft: true });
  const copy = { ...structuredClone(post), id: id('post'), version: 1, when: draft.when, targets: post.targets.map((t) => makeTarget(t, draft)), created_at: now(), updated_at: now() };
  posts.set(copy.id, copy); events.set(copy.id, []); event(copy, 'created', 'user', { duplicate_of: post.id }); etag(copy, res);
  return [201, view(copy)];
});
on('POST', '/v1/posts/{id}/targets/{dlv}/resolve', {}, ({ params, tenant, body }) => {
  const post = mine(posts, params.id, tenant, 'post'), t = post.targets.find((x) => x.id === params.dlv);
  Object.assign(t, body.outcome === 'published' ? { state: 'published', permalink: body.permalink ?? null, proof: 'person', published_at: now(), error: null } : { state: 'failed' });
  event(post, 'resolved', 'user', body, t.id);
  return [200, view(post)];
});
on('GET', '/v1/posts/{id}/timeline', {}, ({ params, tenant }) => { mine(posts, params.id, tenant, 'post'); return [200, { items: events.get(params.id) }]; });
on('GET', '/v1/calendar', {}, ({ query, tenant }) => [200, { items: [...posts.values()].filter((p) => p.tenant === tenant && p.when.due_at && p.when.due_at >= new Date(query.from).toISOString() && p.when.due_at < new Date(query.to).toISOString()).map(card), next: null }]);
on('GET', '/health', { open: true }, () => [200, { status: 'ok', local: true }]);
on('GET', '/local/outbox', { open: true }, ({ query }) => [200, { items: outbox.filter((m) => !query.to || m.to === query.to) }]);
on('GET', '/local/networks/playground/posts', { open: true }, ({ query }) => [200, { items: playground.filter((p) => p.identifier === query.identifier) }]);
on('PUT', '/local/networks/playground/behaviour', { open: true }, ({ body }) => { behaviours.set(body.identifier, { mode: body.mode, times: body.times ?? -1 }); return [200, body]; });

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.woff2': 'font/woff2' };
async function page(path, res) {
  const send = async (file) => { const bytes = await readFile(join(build, file)); res.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream'); res.end(bytes); };
  try { await send(path === '/' ? 'index.html' : path); } catch { await send('index.html').catch(() => { res.statusCode = 404; res.end('npm run build first'); }); }
}

createServer(async (req, res) => {
  const url = new URL(req.url, `http://${req.headers.host}`);
  const chunks = []; for await (const chunk of req) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  try {
    const object = /^\/local\/objects\/(\w+)$/.exec(url.pathname);
    if (object) {
      const item = media.get(object[1]);
      if (req.method === 'PUT') { item.body = raw; res.statusCode = 200; return res.end(); }
      res.setHeader('content-type', item.content_type); return res.end(item.body);
    }
    const route = routes.find((r) => r.method === req.method && r.regex.test(url.pathname));
    if (!route) { if (/^\/(v1|local)\//.test(url.pathname)) throw new Problem(404, 'not_found', 'No such path.'); return await page(url.pathname, res); }
    const sid = /(?:^|;\s*)sid=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
    const session = sessions.get(sid);
    if (!route.options.open && !session) throw new Problem(401, 'unauthenticated', 'Sign in to go on.');
    const body = raw.length ? JSON.parse(raw.toString()) : {};
    const [status, answer] = await route.handler({ body, res, req, sid, session, host: req.headers.host, tenant: session?.tenant, query: Object.fromEntries(url.searchParams), params: route.regex.exec(url.pathname).groups ?? {} });
    res.statusCode = status; res.setHeader('cache-control', 'no-store');
    if (answer === undefined) return res.end();
    res.setHeader('content-type', 'application/json'); res.end(JSON.stringify(answer));
  } catch (error) {
    if (!(error instanceof Problem)) console.error(error);
    res.statusCode = error.status ?? 500; res.setHeader('content-type', 'application/problem+json');
    res.end(JSON.stringify({ type: `/problems/${error.code ?? 'internal'}`, title: error.code ?? 'internal', status: res.statusCode, detail: error.status ? error.message : 'Something went wrong on our side.', instance: id('req'), code: error.code ?? 'internal', errors: error.errors ?? [] }));
  }
}).listen(port, '127.0.0.1', () => console.log(`mock host on http://127.0.0.1:${port}`));
