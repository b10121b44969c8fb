import { m } from '$lib/paraglide/messages.js';
import type { TimelineItem } from '$lib/api/types';
import type { IconName } from '$lib/ui/icons';
import { sentence } from '$lib/text/sentence';
import { lateness } from '$lib/time/words';
import { lookOf } from './states';

const WORDS: Record<string, { word: () => string; icon: IconName }> = {
  created: { word: m.event_created, icon: 'plus' },
  edited: { word: m.event_edited, icon: 'pencil' },
  scheduled: { word: m.event_scheduled, icon: 'clock' },
  rescheduled: { word: m.event_rescheduled, icon: 'clock' },
  unscheduled: { word: m.event_unscheduled, icon: 'pencil' },
  calling: { word: m.event_calling, icon: 'send' },
  attempted: { word: m.event_attempted, icon: 'refresh' },
  refused: { word: m.event_refused, icon: 'cross' },
  unclear: { word: m.event_unclear, icon: 'question' },
  looking: { word: m.event_looking, icon: 'eye' },
  retried: { word: m.event_retried, icon: 'refresh' },
  resolved: { word: m.event_resolved, icon: 'check' },
  resumed: { word: m.event_resumed, icon: 'play' }
};

/** An event kind may carry its subject in front (`delivery.published`). */
export function eventLook(item: Pick<TimelineItem, 'event'>): { word: string; icon: IconName } {
  const kind = item.event.split('.').at(-1) ?? item.event;
  const known = WORDS[kind];
  if (known) return { word: known.word(), icon: known.icon };
  const state = lookOf(kind);
  return { word: state.word(), icon: state.icon };
}

const PROOFS: Record<string, () => string> = {
  response: m.proof_accepted,
  read_back: m.proof_read_back,
  person: m.proof_user
};

/** How we know that a post is out. */
export function proofWord(proof: unknown): string {
  const kind = typeof proof === 'string' ? proof : (proof as { kind?: string } | null)?.kind;
  return (kind && PROOFS[kind]?.()) || (kind ?? '').replaceAll('_', ' ');
}

/** What an event says about itself: the network's words, or how late the call was. */
export function eventDetail(item: Pick<TimelineItem, 'detail'>): string {
  const detail = (item.detail ?? {}) as { message?: unknown; lateness_ms?: unknown };
  if (typeof detail.message === 'string') return sentence(detail.message);
  if (typeof detail.lateness_ms === 'number') return sentence(lateness(detail.lateness_ms));
  return '';
}
