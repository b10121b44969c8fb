import { ApiProblem } from '$lib/api/problem';

export interface Reading<T> {
  queryFn: () => Promise<T>;
  /** Milliseconds for which an answer is not read again just because something else shows it. */
  staleTime?: number;
  /** Milliseconds after an answer until it is read again while somebody looks. */
  refetchInterval?: number | ((known: T | undefined) => number);
}

const FRESH = 5_000;
/** A second and a third try after trouble on the way. */
const PAUSES = [1_000, 2_000];

/** What the server answered to one question, shared by everything that shows it. */
export class Entry<T> {
  data = $state.raw<T>();
  /** Why the newest reading failed; what was known before stays. */
  error = $state.raw<Error | null>(null);
  reading = $state(false);
  #how: Reading<T> | undefined;
  #watchers = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #newest = 0;
  #text: string | undefined;
  #running: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly key: readonly unknown[]) {}

  get watched(): boolean {
    return this.#watchers > 0;
  }

  get stale(): boolean {
    return Date.now() - this.#answeredAt >= (this.#how?.staleTime ?? FRESH);
  }

  /** Keeps the answer fresh until the returned function is called. */
  watch(how: Reading<T>): () => void {
    this.#how = how;
    this.#watchers += 1;
    if (this.stale) void this.read();
    else this.#plan();
    return () => {
      this.#watchers -= 1;
      if (!this.watched) clearTimeout(this.#timer);
    };
  }

  /** Reads, or waits for the reading under way. */
  read(): Promise<void> {
    return this.#running ?? this.readAnew();
  }

  /** Reads after an act: what is under way may have been answered before it and counts no more. */
  readAnew(): Promise<void> {
    const how = this.#how;
    if (!how) return Promise.resolve();
    this.#newest += 1;
    const running = this.#read(how, this.#newest);
    this.#running = running;
    return running;
  }

  /** The next one who shows it reads it again. */
  expire(): void {
    this.#answeredAt = Number.NEGATIVE_INFINITY;
  }

  /** As if it had never been read. */
  forget(): void {
    this.#newest += 1;
    this.#running = undefined;
    this.expire();
    clearTimeout(this.#timer);
    this.#text = undefined;
    this.data = undefined;
    this.error = null;
    this.reading = false;
  }

  async #read(how: Reading<T>, number: number): Promise<void> {
    clearTimeout(this.#timer);
    this.reading = true;
    // Without an answer to show, a new try shows that it is under way.
    if (this.data === undefined) this.error = null;
    try {
      const data = await this.#try(how, number);
      if (number !== this.#newest) return this.#running;
      this.#keep(data);
    } catch (error) {
      if (number !== this.#newest) return this.#running;
      this.error = error instanceof Error ? error : new Error(String(error));
    }
    this.reading = false;
    this.#running = undefined;
    this.#plan();
  }

  /** The same answer stays the same object, so that nothing is drawn anew. */
  #keep(data: T): void {
    const text = JSON.stringify(data);
    if (text !== this.#text) this.data = data;
    this.#text = text;
    this.error = null;
    this.#answeredAt = Date.now();
  }

  async #try(how: Reading<T>, number: number): Promise<T> {
    for (const pause of PAUSES) {
      try {
        return await how.queryFn();
      } catch (error) {
        if (!passing(error) || number !== this.#newest) throw error;
        await new Promise((done) => setTimeout(done, pause));
      }
    }
    return how.queryFn();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    const every = this.#how?.refetchInterval;
    if (every === undefined || !this.watched) return;
    this.#timer = setTimeout(() => {
      // Nobody sees a hidden page; it reads when it is shown again.
      if (globalThis.document?.visibilityState !== 'hidden') void this.read();
    }, typeof every === 'function' ? every(this.data) : every);
  }
}

/** A refusal will be the same the second time; only trouble on the way is worth another try. */
function passing(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
}
