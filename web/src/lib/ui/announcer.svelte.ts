/** Short notices: seen as a toast, heard through a polite live region. */
class Announcer {
  notice = $state<{ text: string; key: number } | null>(null);
  heard = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #key = 0;

  /** Shows and speaks. */
  say(text: string): void {
    this.#key += 1;
    this.notice = { text, key: this.#key };
    this.speak(text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.notice = null), 6000);
  }

  /** Speaks only, for what sighted people see anyway (a counter that turns red). */
  speak(text: string): void {
    // The same sentence twice would be one unchanged text for a screen reader.
    this.heard = this.heard === text ? `${text}\u00a0` : text;
  }

  dismiss(): void {
    this.notice = null;
  }
}

export const announcer = new Announcer();
