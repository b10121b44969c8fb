import { goto } from '$app/navigation';
import { queries } from '$lib/query/query.svelte';
import { session } from '$lib/session/session.svelte';

/** The workspace of the session is lost to the person: on with another one, or with a new one. */
export async function goElsewhere(): Promise<void> {
  const { tenants } = await session.load();
  const [next] = tenants;
  if (next) await session.switchTo(next.id);
  queries.clear();
  await goto(next ? '/' : '/tenants/new', { invalidateAll: true });
  await queries.invalidate([]);
}
