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
  /** The version of the post that was being edited; absent for a new one. */
  version: string | null;
}

interface Kept {
  override: object;
  options: Record<string, never>;
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
  #version: string | null = null;
  /** What targets have that this page does not show, by account id, carried along through an edit. */
  #kept = new Map<string, Kept>();
  /** Those of the post, which this page does not show either. */
  #tags: string[] = [];

  /** What is stored under `storageKey`, or a new draft. */
  static restore(storageKey: string): ComposerDraft {
    const draft = new ComposerDraft();
    const saved = read(storageKey);
    if (saved) draft.#take(saved);
    return draft;
  }

  /** A post that exists, with what was changed of this very version and not sent yet. */
  static edit(post: Post, version: string | null, storageKey: string): ComposerDraft {
    const draft = ComposerDraft.of(post);
    draft.#version = version;
    const saved = read(storageKey);
    if (saved && version !== null && saved.version === version) draft.#take(saved);
    return draft;
  }

  /** What one account did not get of a post, as a new post for it alone. */
  static again(post: Post, account: string): ComposerDraft {
    const draft = ComposerDraft.of(post);
    draft.text = draft.textFor(account);
    draft.overrides = {};
    draft.accounts = [account];
    draft.timing = 'at';
    draft.at = inAnHour(draft.zone);
    return draft;
  }

  /** A post as it is. */
  static of(post: Post): ComposerDraft {
    const draft = new ComposerDraft();
    draft.#tags = post.tags;
    draft.accounts = post.targets.map((target) => target.account_id);
    draft.text = post.base.text ?? '';
    draft.media = (post.base.media ?? []).map((id) => ({ id, name: '', alt: '', state: 'ready', progress: 1, preview: null }));
    for (const target of post.targets) {
      const text = target.override?.text;
      if (typeof text === 'string') draft.overrides[target.account_id] = text;
      const { text: _, ...override } = target.override ?? {};
      draft.#kept.set(target.account_id, { override, options: (target.options ?? {}) as Record<string, never> });
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
        const text = this.overrides[account_id];
        const kept = this.#kept.get(account_id);
        return {
          account_id,
          override: { ...kept?.override, ...(text === undefined ? {} : { text }) },
          // Without them the server takes those of the workspace.
          ...(kept ? { options: kept.options } : {})
        };
      }),
      tags: this.#tags
    };
  }

  /** Whether it is meant for another time than the post that is being edited. */
  moves(post: Post): boolean {
    return JSON.stringify(this.when()) !== JSON.stringify(ComposerDraft.of(post).when());
  }

  /** What to check before it is sent. A time that stays is not sent, and may have passed: it is not checked either. */
  toCheck(edited?: Post): NewPost {
    const post = this.toPost();
    return edited && !this.moves(edited) ? { ...post, when: { draft: true } } : post;
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
      zone: this.zone,
      version: this.#version
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

  #take(saved: Saved): void {
    this.key = saved.key;
    this.accounts = saved.accounts;
    this.text = saved.text;
    this.overrides = saved.overrides;
    this.media = saved.media.map((item) => ({ ...item, state: 'ready', progress: 1, preview: null }));
    this.timing = saved.timing;
    this.zone = saved.zone;
    // A time that passed while the draft lay in the browser is of no use.
    if (saved.at > instantToWall(new Date(), saved.zone)) this.at = saved.at;
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
