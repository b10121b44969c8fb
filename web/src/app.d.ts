declare global {
  namespace App {
    interface PageState {
      /** Set when a page was opened from another one, so that "back" can return there. */
      from?: string;
      /** The address of whoever follows a link to the sign-in page. It stays out of the address bar. */
      email?: string;
    }
  }
}
export {};
