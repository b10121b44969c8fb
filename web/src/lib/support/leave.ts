import { goto } from '$app/navigation';
import { api } from '$lib/api/client';
import { queries } from '$lib/query/query.svelte';
import { session } from '$lib/session/session.svelte';

let leaving: Promise<void> | undefined;

/** Ends the look into another workspace, also where it is over already. Many answers can say so at once. */
export function leave(): Promise<void> {
  leaving ??= goHome().finally(() => (leaving = undefined));
  return leaving;
}

async function goHome(): Promise<void> {
  // Whatever it is answered: another window may have been first.
  await api.DELETE('/v1/support-sessions/current');
  await session.load();
  await arrived('/settings/support');
}

/** Nothing of the other workspace may stay on the screen. */
export async function arrived(path: string): Promise<void> {
  queries.clear();
  await goto(path, { invalidateAll: true });
  await queries.invalidate([]);
}
