import { ApiProblem } from './problem';

/** One form's submission: busy while it runs, then done or refused. A second click while busy does nothing. */
export class Submission {
  busy = $state(false);
  problem = $state.raw<ApiProblem | null>(null);

  /** Runs it; true when it was accepted. Faults of our own code are not swallowed. */
  async run(task: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      await task();
      return true;
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      this.problem = error;
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** The messages for a field of the request. */
  at(pointer: string): string[] {
    return this.problem?.at(pointer) ?? [];
  }
}
