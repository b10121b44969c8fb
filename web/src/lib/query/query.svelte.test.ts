// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiProblem } from '$lib/api/problem';
import { createQuery, queries, type Query, type QueryOptions } from './query.svelte';

/** A component that shows an answer; `leave` takes it off the page. */
function show<T>(options: () => QueryOptions<T>): { query: Query<T>; leave: () => void } {
  let query: Query<T> | undefined;
  const leave = $effect.root(() => {
    query = createQuery(options);
  });
  flushSync();
  left.push(leave);
  return { query: query as Query<T>, leave };
}

/** A server that counts how often it is asked. */
function server(...answers: unknown[]) {
  return vi.fn(() => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
}

const offline = () => new ApiProblem(0, 'offline', 'Check your connection.');
const refused = () => new ApiProblem(404, 'not_found', 'There is no such post.');
const settle = () => vi.advanceTimersByTimeAsync(0);
const left: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const leave of left.splice(0)) leave();
  queries.clear();
  vi.useRealTimers();
});

describe('createQuery', () => {
  it('query_shown_twice_asks_once', async () => {
    const queryFn = server('one');
    const [first, second] = [show(() => ({ queryKey: ['a'], queryFn })), show(() => ({ queryKey: ['a'], queryFn }))];
    expect(first.query.isPending).toBe(true);
    await settle();
    expect([first.query.data, second.query.data]).toEqual(['one', 'one']);
    expect(queryFn).toHaveBeenCalledTimes(1);
  });

  it('query_of_another_key_shows_its_own_answer', async () => {
    let key = $state('a');
    const { query } = show(() => ({ queryKey: [key], queryFn: () => Promise.resolve(key) }));
    await settle();
    key = 'b';
    flushSync();
    expect(query.isPending).toBe(true);
    await settle();
    expect(query.data).toBe('b');
  });

  it('query_that_keeps_the_previous_answer_shows_it_until_the_next_is_there', async () => {
    let key = $state('a');
    const { query } = show(() => ({ queryKey: [key], queryFn: () => Promise.resolve(key), keepPrevious: true }));
    await settle();
    key = 'b';
    flushSync();
    expect(query.data).toBe('a');
    await settle();
    expect(query.data).toBe('b');
  });

  it('query_that_is_not_enabled_asks_nothing', async () => {
    const queryFn = server('one');
    let enabled = $state(false);
    show(() => ({ queryKey: ['a'], queryFn, enabled }));
    await settle();
    expect(queryFn).not.toHaveBeenCalled();
    enabled = true;
    flushSync();
    expect(queryFn).toHaveBeenCalledTimes(1);
  });

  it('query_of_a_fresh_answer_does_not_ask_again', async () => {
    const queryFn = server('one', 'two');
    show(() => ({ queryKey: ['a'], queryFn })).leave();
    await settle();
    expect(show(() => ({ queryKey: ['a'], queryFn })).query.data).toBe('one');
    expect(queryFn).toHaveBeenCalledTimes(1);
  });

  it('query_of_a_stale_answer_shows_it_and_asks_again', async () => {
    const queryFn = server('one', 'two');
    show(() => ({ queryKey: ['a'], queryFn })).leave();
    await vi.advanceTimersByTimeAsync(5_000);
    const { query } = show(() => ({ queryKey: ['a'], queryFn }));
    expect(query.data).toBe('one');
    await settle();
    expect(query.data).toBe('two');
  });
});

describe('polling', () => {
  it('poll_follows_what_the_last_answer_asks_for', async () => {
    const queryFn = server(1_000, 10_000);
    show(() => ({ queryKey: ['a'], queryFn: queryFn as () => Promise<number>, refetchInterval: (known) => known ?? 1 }));
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queryFn).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(queryFn).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queryFn).toHaveBeenCalledTimes(3);
  });

  it('poll_ends_when_nobody_looks', async () => {
    const queryFn = server('one');
    const { leave } = show(() => ({ queryKey: ['a'], queryFn, refetchInterval: 1_000 }));
    await settle();
    leave();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(queryFn).toHaveBeenCalledTimes(1);
  });

  it('poll_of_a_hidden_page_waits_until_it_is_shown', async () => {
    const queryFn = server('one');
    show(() => ({ queryKey: ['a'], queryFn, refetchInterval: 1_000 }));
    await settle();
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(queryFn).toHaveBeenCalledTimes(1);
    visibility.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(queryFn).toHaveBeenCalledTimes(2);
  });

  it('poll_with_an_equal_answer_keeps_the_object', async () => {
    const { query } = show(() => ({ queryKey: ['a'], queryFn: () => Promise.resolve({ items: [1] }), refetchInterval: 1_000 }));
    await settle();
    const before = query.data;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(query.data).toBe(before);
  });
});

describe('failures', () => {
  it('failure_on_the_way_is_tried_again', async () => {
    const queryFn = server(offline(), offline(), 'one');
    const { query } = show(() => ({ queryKey: ['a'], queryFn }));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(query.data).toBe('one');
  });

  it('failure_that_is_a_refusal_is_not_tried_again', async () => {
    const queryFn = server(refused());
    const { query } = show(() => ({ queryKey: ['a'], queryFn }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(query.isError && query.error.message).toBe('There is no such post.');
    expect(queryFn).toHaveBeenCalledTimes(1);
  });

  it('failure_of_a_later_reading_leaves_the_answer_shown', async () => {
    const queryFn = server('one', refused());
    const { query } = show(() => ({ queryKey: ['a'], queryFn }));
    await settle();
    await query.refetch();
    expect(query.data).toBe('one');
    expect(query.isError).toBe(false);
    expect(query.error?.message).toBe('There is no such post.');
  });

  it('failure_tried_again_by_hand_shows_that_it_is_under_way', async () => {
    const queryFn = server(refused(), 'one');
    const { query } = show(() => ({ queryKey: ['a'], queryFn }));
    await settle();
    const again = query.refetch();
    expect(query.isPending).toBe(true);
    await again;
    expect(query.data).toBe('one');
  });
});

describe('after an act', () => {
  it('invalidation_reads_what_is_shown_and_only_below_its_key', async () => {
    const [posts, accounts] = [server('one', 'two'), server('ada')];
    const { query } = show(() => ({ queryKey: ['posts', 'list'], queryFn: posts }));
    show(() => ({ queryKey: ['accounts'], queryFn: accounts }));
    await settle();
    await queries.invalidate(['posts']);
    expect(query.data).toBe('two');
    expect(accounts).toHaveBeenCalledTimes(1);
  });

  it('invalidation_makes_an_answer_that_nobody_sees_stale', async () => {
    const queryFn = server('one', 'two');
    show(() => ({ queryKey: ['posts'], queryFn })).leave();
    await settle();
    await queries.invalidate(['posts']);
    expect(queryFn).toHaveBeenCalledTimes(1);
    const { query } = show(() => ({ queryKey: ['posts'], queryFn }));
    await settle();
    expect(query.data).toBe('two');
  });

  it('invalidation_during_a_reading_discards_its_older_answer', async () => {
    const answers: ((value: string) => void)[] = [];
    const queryFn = () => new Promise<string>((done) => answers.push(done));
    const { query } = show(() => ({ queryKey: ['posts'], queryFn }));
    void queries.invalidate(['posts']);
    answers[1]?.('after the act');
    answers[0]?.('before the act');
    await settle();
    expect(query.data).toBe('after the act');
  });

  it('clearing_leaves_nothing_of_the_person_before', async () => {
    const queryFn = server('theirs', 'mine');
    const { query } = show(() => ({ queryKey: ['posts'], queryFn }));
    await settle();
    queries.clear();
    expect(query.data).toBeUndefined();
    await queries.invalidate([]);
    expect(query.data).toBe('mine');
  });

  it('clearing_during_a_reading_drops_its_answer', async () => {
    let answer = (_: string) => {};
    const { query } = show(() => ({ queryKey: ['posts'], queryFn: () => new Promise<string>((done) => (answer = done)) }));
    queries.clear();
    answer('theirs');
    await settle();
    expect(query.data).toBeUndefined();
  });
});
