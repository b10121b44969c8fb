import { redirect } from '@sveltejs/kit';
import { ApiProblem } from '$lib/api/problem';
import type { Me } from '$lib/api/types';
import { session } from './session.svelte';

/** Who is signed in; sends everybody else to the sign-in page and back here afterwards. */
export async function requireSession(url: URL): Promise<Me> {
  if (session.me) return session.me;
  try {
    return await session.load();
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
    const here = url.pathname + url.search;
    redirect(302, here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`);
  }
}

/** As `requireSession`, inside a tenant; who has none makes one first. */
export async function requireTenant(url: URL): Promise<Me> {
  let me = await requireSession(url);
  const [first] = me.tenants;
  if (!first) redirect(302, '/tenants/new');
  if (!me.tenant_id) me = await session.switchTo(first.id);
  return me;
}
