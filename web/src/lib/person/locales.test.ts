import { describe, expect, it } from 'vitest';
import document from '../../../openapi.json';
import { example, LOCALES, namedLocales } from './locales';

describe('the ways to write dates and numbers', () => {
  it('are those that the API takes', () => {
    expect(LOCALES).toEqual(document.components.schemas.EditMe.properties.locale.enum);
  });

  it('are all known to this browser', () => {
    expect(Intl.DateTimeFormat.supportedLocalesOf([...LOCALES])).toEqual([...LOCALES]);
  });

  it('have names, the browser’s own first', () => {
    const names = namedLocales();

    expect(names).toHaveLength(LOCALES.length);
    expect(names[0]).toEqual({ locale: 'en', name: 'English, as your browser has it' });
    expect(names.find(({ locale }) => locale === 'de-DE')?.name).toBe('German (Germany)');
  });

  it('are shown by an example', () => {
    expect(example('en-GB')).toContain('3 March 2027');
    expect(example('de-DE')).toContain('1.234,5');
  });
});
