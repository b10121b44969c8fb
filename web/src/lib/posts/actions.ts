import { m } from '$lib/paraglide/messages.js';
import type { IconName } from '$lib/ui/icons';
import type { PlainAction } from './acts';

export interface ActionLook {
  label: () => string;
  /** On one of several accounts, where the label alone would promise more. */
  one?: () => string;
  icon: IconName;
  /** What is said once it has happened. */
  done: () => string;
}

export const ACTIONS: Record<PlainAction, ActionLook> = {
  retry: { label: m.action_retry, icon: 'refresh', done: m.done_retry },
  resume: { label: m.action_resume, icon: 'play', done: m.done_resume },
  hold: { label: m.action_hold, icon: 'pause', done: m.done_hold },
  unschedule: { label: m.action_unschedule, icon: 'pencil', done: m.done_unschedule },
  cancel: { label: m.action_cancel, one: m.action_cancel_one, icon: 'stop', done: m.done_cancel }
};

export const ORDER: readonly PlainAction[] = ['retry', 'resume', 'hold', 'unschedule', 'cancel'];
