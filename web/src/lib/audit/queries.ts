import { api, unwrap } from '$lib/api/client';
import { createQuery } from '$lib/query/query.svelte';

interface Wanted {
  /** A kind of event, or what kinds begin with. */
  kind?: string;
  /** Instants. */
  from?: string;
  to?: string;
}

/** The newest events, as many pages of them as people have asked for. */
export function auditQuery(filter: () => Wanted, shown: () => number, open: () => boolean) {
  return createQuery(() => ({
    queryKey: ['audit', filter(), shown()],
    enabled: open(),
    keepPrevious: shown() > 1,
    queryFn: () => readPages(filter(), shown()),
    // What happened is sealed within a minute.
    refetchInterval: 15_000
  }));
}

async function readPages(filter: Wanted, count: number) {
  const pages = [await read({ ...filter, limit: 50 })];
  for (let cursor = pages[0]?.next; cursor && pages.length < count; cursor = pages.at(-1)?.next) {
    pages.push(await read({ ...filter, limit: 50, cursor }));
  }
  return pages;
}

function read(query: Wanted & { limit: number; cursor?: string }) {
  return unwrap(api.GET('/v1/audit', { params: { query } }));
}
