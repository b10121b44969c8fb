// What the pages read. One place for keys, so that an act can refresh what it changed.
import { api, unwrap, unwrapVersioned } from '$lib/api/client';
import type { Post } from '$lib/api/types';
import { createQuery, queries } from '$lib/query/query.svelte';
import { pollEvery } from './polling';

export interface PostFilter {
  state?: string | undefined;
  account?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** A post with the version that an edit must name. */
export interface VersionedPost {
  value: Post;
  etag: string | null;
}

export const keys = {
  posts: ['posts'] as const,
  post: (id: string) => ['posts', 'one', id] as const,
  timeline: (id: string) => ['posts', 'timeline', id] as const
};

export function postsQuery(filter: () => PostFilter) {
  return createQuery(() => ({
    queryKey: [...keys.posts, 'list', filter()],
    queryFn: () => readPage(filter()),
    refetchInterval: (known) => pollEvery(known?.items)
  }));
}

/** The newest posts, as many pages of them as people have asked for. */
export function pagesQuery(filter: () => PostFilter, shown: () => number) {
  return createQuery(() => ({
    queryKey: [...keys.posts, 'pages', filter(), shown()],
    keepPrevious: shown() > 1,
    queryFn: () => readPages(filter(), shown()),
    refetchInterval: (known) => pollEvery(known?.flatMap((page) => page.items))
  }));
}

export function calendarQuery(range: () => { from: string; to: string; zone: string }) {
  return createQuery(() => ({
    queryKey: [...keys.posts, 'calendar', range()],
    // The month that was just left stays visible until the next one is there.
    keepPrevious: true,
    queryFn: () => unwrap(api.GET('/v1/calendar', { params: { query: range() } })),
    refetchInterval: (known) => pollEvery(known?.items)
  }));
}

export function postQuery(id: () => string) {
  return createQuery(() => ({
    queryKey: keys.post(id()),
    queryFn: () => readPost(id()),
    refetchInterval: (known) => pollEvery(known && [known.value])
  }));
}

export function timelineQuery(id: () => string, every: () => number) {
  return createQuery(() => ({
    queryKey: keys.timeline(id()),
    queryFn: () => unwrap(api.GET('/v1/posts/{id}/timeline', { params: { path: { id: id() } } })),
    refetchInterval: every()
  }));
}

export function readPost(id: string): Promise<VersionedPost> {
  return unwrapVersioned(api.GET('/v1/posts/{id}', { params: { path: { id } } }));
}

async function readPages(filter: PostFilter, count: number) {
  const pages = [await readPage({ ...filter, limit: 50 })];
  for (let cursor = pages[0]?.next; cursor && pages.length < count; cursor = pages.at(-1)?.next) {
    pages.push(await readPage({ ...filter, limit: 50, cursor }));
  }
  return pages;
}

function readPage(filter: PostFilter) {
  return unwrap(api.GET('/v1/posts', { params: { query: defined(filter) } }));
}

/** After an act on posts: everything that shows posts looks again. */
export function refreshPosts(): Promise<void> {
  return queries.invalidate(keys.posts);
}

function defined(filter: PostFilter): { [K in keyof PostFilter]: NonNullable<PostFilter[K]> } {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined && value !== '')
  );
}
