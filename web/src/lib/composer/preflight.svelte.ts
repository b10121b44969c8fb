import { api, unwrap } from '$lib/api/client';
import { ApiProblem } from '$lib/api/problem';
import type { DryRun, NewPost } from '$lib/api/types';

const QUIET = 450;

/** Asks the server, while somebody is writing, whether the post could go out as it is. */
export class Preflight {
  answer = $state.raw<DryRun | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  busy = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;

  /** Checks after a pause in writing; a newer call replaces an older one. */
  ask(post: NewPost): void {
    this.stop();
    this.#timer = setTimeout(() => void this.#check(post), QUIET);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.busy = false;
  }

  clear(): void {
    this.stop();
    this.answer = null;
    this.problem = null;
  }

  async #check(post: NewPost): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.busy = true;
    try {
      this.answer = (await unwrap(
        api.POST('/v1/posts', {
          params: { query: { dry_run: true } },
          body: post,
          signal: running.signal
        })
      )) as DryRun;
      this.problem = null;
    } catch (error) {
      if (running.signal.aborted) return;
      this.answer = null;
      this.problem = error instanceof ApiProblem ? error : null;
    } finally {
      if (this.#running === running) this.busy = false;
    }
  }
}
