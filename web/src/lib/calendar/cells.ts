// The grid works on wall times of one zone: every card is placed by what its clock says there, and a
// drop names a wall time again. So a move across a clock change keeps the hour that people meant.
import type { EventInput } from 'fullcalendar';
import type { Account, Card } from '$lib/api/types';
import { lookOf } from '$lib/posts/states';
import { instantToWall } from '$lib/time/zones';

/** States in which a post can still get another time. */
const MOVABLE = ['scheduled', 'held', 'queued'];

/** How long a card is drawn: a post has a time, not a length. */
const DRAWN = 60 * 60_000;

export function isMovable(card: Card): boolean {
  return card.targets.length > 0 && card.targets.every((target) => MOVABLE.includes(target.state));
}

export function toEvent(card: Card, zone: string, accounts: readonly Account[]): EventInput | null {
  if (!card.when.due_at) return null;
  const due = new Date(card.when.due_at);
  const start = instantToWall(due, zone);
  const end = instantToWall(new Date(due.getTime() + DRAWN), zone);
  return {
    id: card.id,
    title: card.snippet,
    start,
    // Not over midnight: the card belongs to one day.
    end: end.slice(0, 10) === start.slice(0, 10) ? end : `${start.slice(0, 10)}T23:59:59`,
    url: `/posts/${card.id}`,
    startEditable: isMovable(card),
    extendedProps: { card, label: labelOf(card, zone, accounts) }
  };
}

/** "09:00, Scheduled, ada and charles: first words", for those who hear the card. */
function labelOf(card: Card, zone: string, accounts: readonly Account[]): string {
  const at = instantToWall(new Date(card.when.due_at ?? 0), zone).slice(11, 16);
  const handles = card.targets.map(
    (target) => accounts.find((account) => account.id === target.account_id)?.handle ?? target.network
  );
  return `${at}, ${lookOf(card.state).word()}, ${handles.join(', ')}: ${card.snippet}`;
}
