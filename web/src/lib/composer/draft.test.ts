// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { ComposerDraft } from './draft.svelte';

const KEY = 'draft-under-test';
beforeEach(() => localStorage.clear());

describe('a draft in the browser', () => {
  it('survives a reload with its idempotency key', () => {
    const draft = new ComposerDraft();
    Object.assign(draft, { text: 'Hello', accounts: ['acc_a'], timing: 'now' });
    draft.overrides['acc_a'] = 'Hi';
    draft.save(KEY);
    const restored = ComposerDraft.restore(KEY);
    expect(restored.key).toBe(draft.key);
    expect(restored.toPost()).toEqual({ when: { now: true }, base: { text: 'Hello', media: [] }, targets: [{ account_id: 'acc_a', override: { text: 'Hi' } }], tags: [] });
  });

  it('gets a new key once it was accepted', () => {
    const draft = new ComposerDraft();
    draft.save(KEY);
    ComposerDraft.forget(KEY);
    expect(ComposerDraft.restore(KEY).key).not.toBe(draft.key);
  });

  it('does not bring back a time that has passed', () => {
    const draft = new ComposerDraft();
    draft.at = '2020-01-01T09:00:00';
    draft.save(KEY);
    expect(ComposerDraft.restore(KEY).at > '2020-01-02').toBe(true);
  });

  it('leaves a broken store alone and starts anew', () => {
    localStorage.setItem(KEY, '{broken');
    expect(ComposerDraft.restore(KEY).empty).toBe(true);
  });

  it('sends only images that have arrived', () => {
    const draft = new ComposerDraft();
    const image = { name: '', alt: '', progress: 1, preview: null };
    draft.media = [{ ...image, id: 'med_a', state: 'ready' }, { ...image, id: null, state: 'uploading' }, { ...image, id: 'med_c', state: 'failed' }];
    expect(draft.toPost().base.media).toEqual(['med_a']);
    expect(draft.uploading).toBe(true);
  });
});

describe('a draft of a post that exists', () => {
  const post = {
    id: 'post_a', state: 'scheduled', when: { at: '2036-12-01T09:00:00', zone: 'Europe/Berlin', due_at: '2036-12-01T08:00:00Z' },
    base: { text: 'Base', media: [] }, targets: [], tags: [], allowed_actions: ['edit'], created_at: '', updated_at: ''
  } as never;

  it('brings back what was changed of this version, and nothing of an older one', () => {
    const draft = ComposerDraft.edit(post, '"1"', KEY);
    draft.text = 'Changed';
    draft.save(KEY);
    expect(ComposerDraft.edit(post, '"1"', KEY).text).toBe('Changed');
    expect(ComposerDraft.edit(post, '"2"', KEY).text).toBe('Base');
  });

  it('keeps wall time, zone, own texts and options', () => {
    const options = { language: 'en' };
    const draft = ComposerDraft.of({
      id: 'post_a', state: 'scheduled', when: { at: '2026-12-01T09:00:00', zone: 'Europe/Berlin', due_at: '2026-12-01T08:00:00Z' },
      base: { text: 'Base', media: ['med_a'] }, tags: [], allowed_actions: ['edit'], created_at: '', updated_at: '',
      targets: [{ id: 'dlv_a', account_id: 'acc_a', network: 'bluesky', state: 'scheduled', allowed_actions: [], override: { text: 'Own', media: ['med_b'] }, options }]
    } as never);
    expect(draft.toPost()).toEqual({ when: { at: '2026-12-01T09:00:00', zone: 'Europe/Berlin' }, base: { text: 'Base', media: ['med_a'] }, targets: [{ account_id: 'acc_a', override: { text: 'Own', media: ['med_b'] }, options }], tags: [] });
  });

  it('becomes a new post with the text that one account should have got', () => {
    const target = (account_id: string, override: object) => ({ id: '', account_id, network: 'bluesky', state: 'failed', allowed_actions: [], override, options: {} });
    const draft = ComposerDraft.again(
      {
        id: 'post_a', state: 'partial', when: { at: '2026-12-01T09:00:00', zone: 'Europe/Berlin', due_at: '2026-12-01T08:00:00Z' },
        base: { text: 'Base', media: ['med_a'] }, tags: ['launch'], allowed_actions: [], created_at: '', updated_at: '',
        targets: [target('acc_a', {}), target('acc_b', { text: 'Own' })]
      } as never,
      'acc_b'
    );
    expect(draft.toPost()).toMatchObject({ base: { text: 'Own', media: ['med_a'] }, targets: [{ account_id: 'acc_b', override: {} }], tags: ['launch'] });
    expect(draft.toPost().targets).toHaveLength(1);
  });

  it('checks a time only where it is another one, for the old one may have passed', () => {
    const draft = ComposerDraft.of(post);
    draft.text = 'Changed';
    expect(draft.toCheck(post)).toEqual({ ...draft.toPost(), when: { draft: true } });
    draft.at = '2036-12-02T09:00:00';
    expect(draft.toCheck(post)).toEqual(draft.toPost());
    expect(draft.toPost().when).toEqual({ at: '2036-12-02T09:00:00', zone: 'Europe/Berlin' });
    expect(draft.toCheck()).toEqual(draft.toPost());
  });
});
