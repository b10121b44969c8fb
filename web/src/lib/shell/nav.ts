import { m } from '$lib/paraglide/messages.js';
import type { IconName } from '$lib/ui/icons';

export interface NavItem {
  href: string;
  label: () => string;
  icon: IconName;
}

export const NAV: readonly NavItem[] = [
  { href: '/', label: m.nav_home, icon: 'home' },
  { href: '/calendar', label: m.nav_calendar, icon: 'calendar' },
  { href: '/posts', label: m.nav_posts, icon: 'list' },
  { href: '/accounts', label: m.nav_accounts, icon: 'accounts' }
];

export function isCurrent(href: string, pathname: string): boolean {
  return href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`);
}
