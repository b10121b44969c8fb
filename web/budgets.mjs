// Weighs what a browser loads for a page: fails when a page has become heavier than it may be.
// Reads the manifest that `npm run build` leaves.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';

const CLIENT = '.svelte-kit/output/client';
const NODES = '.svelte-kit/generated/client-optimized/nodes';
const ENTRIES = ['.svelte-kit/generated/client-optimized/app.js', 'node_modules/@sveltejs/kit/src/runtime/client/entry.js'];
const CALENDAR = 'src/lib/calendar/Grid.svelte';

// Kilobytes (1000 bytes) of script, gzip. 36 of them are Svelte and its router. Within 60 a phone on
// slow 4G (1.6 Mbit/s, Lighthouse's mobile profile) has the scripts of a page in a third of a second, so
// that its content stands within two. The calendar library alone is 90 and comes after the first paint.
const BUDGETS = [
  { page: '(public)/sign-in', most: 50 },
  { page: '(public)/register', most: 50 },
  { page: '(public)/forgot-password', most: 50 },
  { page: '(public)/reset-password', most: 50 },
  { page: '(public)/admit-browser', most: 50 },
  { page: '(public)/confirm-email', most: 50 },
  { page: '(public)/revert-email', most: 50 },
  { page: '(public)/reset-second-factor', most: 50 },
  { page: '(app)', most: 62 },
  { page: '(app)/calendar', most: 64 },
  { page: '(app)/calendar', later: [CALENDAR], most: 170 },
  { page: '(app)/posts', most: 61 },
  { page: '(app)/posts/[id]', most: 72 },
  { page: '(app)/accounts', most: 70 },
  { page: '(app)/compose', most: 74 },
  { page: '(app)/me', most: 72 },
  { page: '(app)/settings/members', most: 66 },
  { page: '(app)/settings/roles', most: 66 },
  { page: '(app)/settings/keys', most: 66 },
  { page: '(app)/settings/workspace', most: 66 },
  { page: '(app)/settings/audit', most: 66 },
  { page: '(app)/settings/support', most: 66 },
  { page: '(public)/invitation', most: 50 }
];

const manifest = JSON.parse(readFileSync(`${CLIENT}/.vite/manifest.json`, 'utf8'));
const nodes = new Map(
  readdirSync(NODES).map((name) => [/src\/routes\/(.*\.svelte)/.exec(readFileSync(`${NODES}/${name}`, 'utf8'))?.[1] ?? name, `${NODES}/${name}`])
);

/** A page with the layouts around it, as entries of the manifest. */
function entriesOf(page) {
  const layouts = [];
  for (let folder = page; ; folder = dirname(folder)) {
    const layout = nodes.get(folder === '.' ? '+layout.svelte' : `${folder}/+layout.svelte`);
    if (layout) layouts.push(layout);
    if (folder === '.') break;
  }
  const own = nodes.get(`${page}/+page.svelte`);
  if (!own) throw new Error(`there is no page ${page}`);
  return [...ENTRIES, ...layouts, own];
}

/** Everything that is loaded with these entries, without what they load later. */
function filesOf(entries) {
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const each of manifest[key].imports ?? []) visit(each);
  };
  entries.forEach(visit);
  return new Set([...seen].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')));
}

let heavy = 0;
for (const { page, later = [], most } of BUDGETS) {
  const files = filesOf([...entriesOf(page), ...later]);
  const size = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(`${CLIENT}/${file}`)).length, 0) / 1000;
  const fits = size <= most;
  if (!fits) heavy += 1;
  console.log(`${fits ? 'ok   ' : 'HEAVY'} ${size.toFixed(1).padStart(6)} of ${String(most).padStart(3)} kB  ${page}${later.length > 0 ? ', all of it' : ''}`);
}
process.exit(heavy > 0 ? 1 : 0);
