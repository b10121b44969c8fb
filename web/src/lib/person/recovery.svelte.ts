import { queries } from '$lib/query/query.svelte';
import { session } from '$lib/session/session.svelte';

/** Recovery codes that the person has not put away yet: whatever made them, they are for all second factors. */
class Recovery {
  codes = $state.raw<string[] | null>(null);

  /** After a change of what guards the account, which may have made new codes. */
  async changed(codes?: string[] | null): Promise<void> {
    if (codes) this.codes = codes;
    await queries.invalidate(['me']);
    // Workspaces may let the person in, or keep them out, from now on.
    await session.load();
  }
}

export const recovery = new Recovery();
