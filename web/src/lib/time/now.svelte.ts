/** The present, for words such as "in 2 minutes": one clock that all of a page shares. */
class Now {
  at = $state(new Date());

  constructor() {
    setInterval(() => (this.at = new Date()), 1000);
  }
}

export const now = new Now();
