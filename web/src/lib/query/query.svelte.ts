// What pages read from the server: asked once for all that show it, kept while somebody looks, read again after acts.
import { untrack } from 'svelte';
import { Entry, type Reading } from './entry.svelte';

export type Key = readonly unknown[];

export interface QueryOptions<T> extends Reading<T> {
  /** What is asked; the same key is the same question. */
  queryKey: Key;
  enabled?: boolean;
  /** Until the answer to a new key is there, the one to the key before is shown. */
  keepPrevious?: boolean;
}

interface Common {
  readonly isFetching: boolean;
  refetch(): Promise<void>;
}
interface Pending extends Common { readonly isPending: true; readonly isError: false; readonly data: undefined; readonly error: null }
interface Failed extends Common { readonly isPending: false; readonly isError: true; readonly data: undefined; readonly error: Error }
interface Known<T> extends Common {
  readonly isPending: false;
  readonly isError: false;
  readonly data: T;
  /** Why what is shown could not be read again. */
  readonly error: Error | null;
}
export type Query<T> = Pending | Failed | Known<T>;

/** Entries that nobody has looked at are let go when there are more than this. */
const KEPT = 50;

class Queries {
  #entries = new Map<string, Entry<unknown>>();

  constructor() {
    const seen = () => {
      if (document.visibilityState === 'hidden') return;
      for (const entry of this.#watched()) if (entry.stale) void entry.read();
    };
    globalThis.document?.addEventListener('visibilitychange', seen);
    globalThis.window?.addEventListener('online', seen);
  }

  entry<T>(key: Key): Entry<T> {
    const name = JSON.stringify(key);
    const known = this.#entries.get(name) ?? new Entry<unknown>(key);
    // Last asked, last in the map: the first ones are the longest unused.
    this.#entries.delete(name);
    this.#entries.set(name, known);
    this.#trim();
    return known as Entry<T>;
  }

  /** After an act: everything below this key is read again, at once where somebody looks. */
  async invalidate(key: Key): Promise<void> {
    const readings: Promise<void>[] = [];
    for (const entry of this.#entries.values()) {
      if (!key.every((part, index) => JSON.stringify(part) === JSON.stringify(entry.key[index]))) continue;
      if (entry.watched) readings.push(entry.readAnew());
      else entry.expire();
    }
    await Promise.all(readings);
  }

  /** Forgets everything: another person or another tenant comes. */
  clear(): void {
    for (const [name, entry] of this.#entries) {
      entry.forget();
      if (!entry.watched) this.#entries.delete(name);
    }
  }

  #watched(): Entry<unknown>[] {
    return [...this.#entries.values()].filter((entry) => entry.watched);
  }

  #trim(): void {
    for (const [name, entry] of this.#entries) {
      if (this.#entries.size <= KEPT) return;
      if (!entry.watched) this.#entries.delete(name);
    }
  }
}

export const queries = new Queries();

/** Inside a component: the answer to a question that may change, for as long as the component lives. */
export function createQuery<T>(options: () => QueryOptions<T>): Query<T> {
  let current: Entry<T> | undefined;
  let previous: Entry<T> | undefined;
  const entry = $derived.by(() => {
    const next = queries.entry<T>(options().queryKey);
    if (next !== current && untrack(() => current?.data) !== undefined) previous = current;
    current = next;
    return next;
  });
  const data = $derived(entry.data ?? (options().keepPrevious ? previous?.data : undefined));

  $effect(() => {
    const { enabled = true, ...how } = options();
    const watched = entry;
    return enabled ? untrack(() => watched.watch(how)) : undefined;
  });

  return {
    get data() { return data; },
    get error() { return entry.error; },
    get isPending() { return data === undefined && entry.error === null; },
    get isError() { return data === undefined && entry.error !== null; },
    get isFetching() { return entry.reading; },
    refetch: () => entry.readAnew()
  } as Query<T>;
}
