// What people do to posts, as calls of the API.
import { api, unwrap, unwrapVersioned } from '$lib/api/client';
import type { Post, When } from '$lib/api/types';
import { readPost, type VersionedPost } from './queries';

/** Acts that need nothing but a press. */
export type PlainAction = 'unschedule' | 'cancel' | 'retry' | 'hold' | 'resume';

const CALLS = {
  unschedule: '/v1/posts/{id}/unschedule',
  cancel: '/v1/posts/{id}/cancel',
  retry: '/v1/posts/{id}/retry',
  hold: '/v1/posts/{id}/hold',
  resume: '/v1/posts/{id}/resume'
} as const satisfies Record<PlainAction, string>;

/** `targets` narrows the act to some of the post's accounts; without it, all that allow it. */
export function act(id: string, action: PlainAction, targets?: string[]): Promise<Post> {
  return unwrap(
    api.POST(CALLS[action], { params: { path: { id } }, body: targets ? { targets } : {} })
  );
}

export function duplicate(id: string): Promise<Post> {
  return unwrap(
    api.POST('/v1/posts/{id}/duplicate', {
      params: { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } },
      body: {}
    })
  );
}

export async function deleteDraft(id: string): Promise<void> {
  await unwrap(api.DELETE('/v1/posts/{id}', { params: { path: { id } } }));
}

export type Outcome = { outcome: 'published'; permalink?: string } | { outcome: 'not_published' };

export function resolve(id: string, target: string, outcome: Outcome): Promise<Post> {
  return unwrap(
    api.POST('/v1/posts/{id}/targets/{target}/resolve', { params: { path: { id, target } }, body: outcome })
  );
}

export function edit(
  id: string,
  etag: string | null,
  change: { when?: When; base?: { text?: string; media?: string[] }; targets?: NewTargets }
): Promise<VersionedPost> {
  return unwrapVersioned(
    api.PATCH('/v1/posts/{id}', {
      params: { path: { id }, header: { 'If-Match': etag ?? '' } },
      body: change
    })
  );
}

/** Gives a post another time: a draft becomes scheduled, a waiting post keeps everything else. */
export async function moveTo(id: string, when: When): Promise<void> {
  const { value, etag } = await readPost(id);
  if (value.state === 'draft') {
    await unwrap(
      api.POST('/v1/posts/{id}/schedule', { params: { path: { id } }, body: { when } })
    );
  } else {
    await edit(id, etag, { when });
  }
}

type NewTargets = {
  account_id: string;
  override?: { text?: string } | null;
  options?: Record<string, never>;
}[];
