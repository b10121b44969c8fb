import { BY_BROWSER, localeOf } from '$lib/text/locale';
import { m } from '$lib/paraglide/messages.js';

/** What `PATCH /v1/me` takes. */
export const LOCALES = [
  'en', 'cs-CZ', 'da-DK', 'de-AT', 'de-CH', 'de-DE', 'en-AU', 'en-CA', 'en-GB', 'en-IE', 'en-IN', 'en-US', 'es-ES',
  'es-MX', 'fi-FI', 'fr-CA', 'fr-CH', 'fr-FR', 'it-IT', 'ja-JP', 'nb-NO', 'nl-NL', 'pl-PL', 'pt-BR', 'pt-PT', 'sv-SE'
] as const;
export type Locale = (typeof LOCALES)[number];

/** All of them with their English names, by name; the browser's own way first. */
export function namedLocales(): { locale: Locale; name: string }[] {
  const names = new Intl.DisplayNames('en', { type: 'language', languageDisplay: 'standard' });
  const [first, ...others] = LOCALES.map((locale) => ({ locale, name: names.of(locale) ?? locale }));
  return [{ ...first, locale: BY_BROWSER, name: m.locale_browser() }, ...others.sort((one, other) => one.name.localeCompare(other.name, 'en'))];
}

/** "3 March 2027, 14:30 and 1,234.5". */
export function example(locale: Locale): string {
  const tag = localeOf(locale);
  const time = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return m.locale_example({ time: time.format(Date.UTC(2027, 2, 3, 14, 30)), number: new Intl.NumberFormat(tag).format(1234.5) });
}
