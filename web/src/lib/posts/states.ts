import type { PostState, TargetState } from '$lib/api/types';
import type { IconName } from '$lib/ui/icons';
import { m } from '$lib/paraglide/messages.js';

export type State = PostState | TargetState;
export type Tone = 'neutral' | 'info' | 'success' | 'warning' | 'danger';

export interface StateLook {
  /** The one word for this state, everywhere. */
  word: () => string;
  icon: IconName;
  tone: Tone;
}

const LOOKS: Record<State, StateLook> = {
  draft: { word: m.state_draft, icon: 'pencil', tone: 'neutral' },
  in_review: { word: m.state_in_review, icon: 'eye', tone: 'info' },
  changes_requested: { word: m.state_changes_requested, icon: 'pencil', tone: 'warning' },
  scheduled: { word: m.state_scheduled, icon: 'clock', tone: 'info' },
  held: { word: m.state_held, icon: 'pause', tone: 'warning' },
  queued: { word: m.state_queued, icon: 'clock', tone: 'info' },
  publishing: { word: m.state_publishing, icon: 'send', tone: 'info' },
  processing: { word: m.state_processing, icon: 'spinner', tone: 'info' },
  published: { word: m.state_published, icon: 'check', tone: 'success' },
  handed_over: { word: m.state_handed_over, icon: 'check', tone: 'success' },
  partial: { word: m.state_partial, icon: 'half', tone: 'warning' },
  needs_attention: { word: m.state_needs_attention, icon: 'alert', tone: 'danger' },
  failed: { word: m.state_failed, icon: 'cross', tone: 'danger' },
  outcome_unknown: { word: m.state_outcome_unknown, icon: 'question', tone: 'warning' },
  cancelled: { word: m.state_cancelled, icon: 'stop', tone: 'neutral' },
  missed: { word: m.state_missed, icon: 'alert', tone: 'danger' },
  removed_remotely: { word: m.state_removed_remotely, icon: 'trash', tone: 'neutral' }
};

/** A state that this version does not know yet is shown by its own name, not hidden. */
export function lookOf(state: string): StateLook {
  return (
    (LOOKS as Record<string, StateLook | undefined>)[state] ?? {
      word: () => state.replaceAll('_', ' '),
      icon: 'question',
      tone: 'neutral'
    }
  );
}

/** The states that a list can be filtered by, in the order of a post's life. */
export const FILTER_STATES: readonly State[] = [
  'draft',
  'scheduled',
  'held',
  'published',
  'partial',
  'needs_attention',
  'failed',
  'outcome_unknown',
  'missed',
  'cancelled'
];

/** States in which only a person can go on. */
export function needsPerson(state: string): boolean {
  return ['failed', 'missed', 'held', 'outcome_unknown', 'partial', 'needs_attention'].includes(state);
}

/** States that change by themselves within seconds. */
export function inMotion(state: string): boolean {
  return ['queued', 'publishing', 'processing'].includes(state);
}
