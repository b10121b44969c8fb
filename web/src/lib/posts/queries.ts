// What the pages read. One place for keys, so that an act can refresh what it changed.
import { createQuery, keepPreviousData, type QueryClient } from '@tanstack/svelte-query';
import { api, unwrap, unwrapVersioned } from '$lib/api/client';
import type { Card, Post } from '$lib/api/types';
import { pollEvery } from './polling';

export interface PostFilter {
  state?: string | undefined;
  account?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
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
    queryFn: () => unwrap(api.GET('/v1/posts', { params: { query: defined(filter()) } })),
    refetchInterval: (query: { state: { data?: { items: Card[] } | undefined } }) =>
      pollEvery(query.state.data?.items)
  }));
}

export function calendarQuery(range: () => { from: string; to: string; zone: string }) {
  return createQuery(() => ({
    queryKey: [...keys.posts, 'calendar', range()],
    // The month that was just left stays visible until the next one is there.
    placeholderData: keepPreviousData,
    queryFn: () => unwrap(api.GET('/v1/calendar', { params: { query: range() } })),
    refetchInterval: (query: { state: { data?: { items: Card[] } | undefined } }) =>
      pollEvery(query.state.data?.items)
  }));
}

export function postQuery(id: () => string) {
  return createQuery(() => ({
    queryKey: keys.post(id()),
    queryFn: () => readPost(id()),
    refetchInterval: (query: { state: { data?: VersionedPost | undefined } }) =>
      pollEvery(query.state.data ? [query.state.data.value] : undefined)
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

/** After an act on posts: everything that shows posts looks again. */
export function refreshPosts(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: keys.posts });
}

function defined(filter: PostFilter): { [K in keyof PostFilter]: NonNullable<PostFilter[K]> } {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined && value !== '')
  );
}
