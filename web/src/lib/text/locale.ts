import { session } from '$lib/session/session.svelte';

// How dates and numbers are written, for whoever is signed in. The words around them are English in every case.

/** The choice that leaves it to the browser. */
export const BY_BROWSER = 'en';
const BRITISH = 'en-GB';

/** A browser of another language has British English: nobody finds two languages in a sentence who did not choose them. */
export function localeOf(chosen: string): string {
  if (chosen !== BY_BROWSER) return chosen;
  const browsers = globalThis.navigator?.language ?? '';
  return browsers.startsWith('en') ? browsers : BRITISH;
}

/** The tag of how whoever is signed in has them written. */
export function locale(): string {
  return localeOf(session.me?.user.locale ?? BY_BROWSER);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Writes dates as the person wants them. Read it where it is used: they can choose another way at any time. */
export function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const tag = locale();
  // Making one is a hundred times as dear as using it, and every card says its time anew each second.
  const key = tag + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(tag, options);
  formats.set(key, known);
  return known;
}

/** The same for numbers. */
export function numbers(options?: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(locale(), options);
}
