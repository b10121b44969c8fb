import type { NewPost, Post, When } from '$lib/api/types';
import { browserZone, instantToWall, withSeconds } from '$lib/time/zones';
import type { Attachment } from './upload';

export type Timing = 'now' | 'at' | 'draft';

/** What is kept in this browser until the post has been accepted. */
interface Saved {
  key: string;
  accounts: string[];
  text: string;
  overrides: Record<string, string>;
  media: { id: string; name: string; alt: string }[];
  timing: Timing;
  at: string;
  zone: string;
}

/** A post being written. It survives a reload, a sign-out and a switch of the tenant. */
export class ComposerDraft {
  /** One key per writing: pressing twice, or again after a lost answer, makes one post. */
  key: string = crypto.randomUUID();
  accounts = $state<string[]>([]);
  text = $state('');
  /** Text by account id, where it differs from the text for all. */
  overrides = $state<Record<string, string>>({});
  media = $state<Attachment[]>([]);
  timing = $state<Timing>('at');
  at = $state(inAnHour(browserZone()));
  zone = $state(browserZone());
  /** Options of targets that this page does not show, carried along through an edit. */
  #options = new Map<string, Record<string, never>>();

  /** What is stored under `storageKey`, or a new draft. */
  static restore(storageKey: string): ComposerDraft {
    const draft = new ComposerDraft();
    const saved = read(storageKey);
    if (!saved) return draft;
    draft.key = saved.key;
    draft.accounts = saved.accounts;
    draft.text = saved.text;
    draft.overrides = saved.overrides;
    draft.media = saved.media.map((item) => ({ ...item, state: 'ready', progress: 1, preview: null }));
    draft.timing = saved.timing;
    draft.zone = saved.zone;
    // A time that passed while the draft lay in the browser is of no use.
    if (saved.at > instantToWall(new Date(), saved.zone)) draft.at = saved.at;
    return draft;
  }

  static of(post: Post): ComposerDraft {
    const draft = new ComposerDraft();
    draft.accounts = post.targets.map((target) => target.account_id);
    draft.text = post.base.text ?? '';
    draft.media = (post.base.media ?? []).map((id) => ({ id, name: '', alt: '', state: 'ready', progress: 1, preview: null }));
    for (const target of post.targets) {
      const text = target.override?.text;
      if (typeof text === 'string') draft.overrides[target.account_id] = text;
      if (target.options) draft.#options.set(target.account_id, target.options as Record<string, never>);
    }
    draft.timing = post.state === 'draft' ? 'draft' : 'at';
    draft.zone = post.when.zone ?? browserZone();
    if (post.when.due_at) draft.at = instantToWall(new Date(post.when.due_at), draft.zone);
    return draft;
  }

  get empty(): boolean {
    return this.text.trim() === '' && this.media.length === 0 && Object.keys(this.overrides).length === 0;
  }

  get uploading(): boolean {
    return this.media.some((item) => item.state === 'uploading');
  }

  textFor(account: string): string {
    return this.overrides[account] ?? this.text;
  }

  when(): When {
    if (this.timing === 'now') return { now: true };
    if (this.timing === 'draft') return { draft: true };
    return { at: withSeconds(this.at), zone: this.zone };
  }

  toPost(): NewPost {
    return {
      when: this.when(),
      base: {
        text: this.text,
        media: this.media.flatMap((item) => (item.state === 'ready' && item.id ? [item.id] : []))
      },
      targets: this.accounts.map((account_id) => {
        const override = this.overrides[account_id];
        return {
          account_id,
          ...(override === undefined ? {} : { override: { text: override } }),
          options: this.#options.get(account_id) ?? {}
        };
      }),
      tags: []
    };
  }

  save(storageKey: string): void {
    const saved: Saved = {
      key: this.key,
      accounts: this.accounts,
      text: this.text,
      overrides: this.overrides,
      media: this.media.flatMap(({ id, name, alt, state }) => (state === 'ready' && id ? [{ id, name, alt }] : [])),
      timing: this.timing,
      at: this.at,
      zone: this.zone
    };
    try {
      localStorage.setItem(storageKey, JSON.stringify(saved));
    } catch {
      // A full or forbidden storage costs the safety net, not the post.
    }
  }

  static forget(storageKey: string): void {
    localStorage.removeItem(storageKey);
  }
}

function read(storageKey: string): Saved | null {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Saved | null;
  } catch {
    return null;
  }
}

function inAnHour(zone: string): string {
  const hour = 3_600_000;
  return instantToWall(new Date(Math.ceil(Date.now() / hour) * hour + hour / 2), zone);
}
