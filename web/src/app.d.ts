declare global {
  namespace App {
    interface PageState {
      /** Set when a page was opened from another one, so that "back" can return there. */
      from?: string;
    }
  }
}
export {};
