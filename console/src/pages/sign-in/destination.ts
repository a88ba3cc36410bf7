/** Where to go after signing in: an address of this site, and of no other. */
export const destination = (to: string | null): string =>
  to && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') && !hasControls(to) ? to : '/queue';

/** Browsers leave line breaks and tabs out of addresses: what is left may be another site's. */
const hasControls = (text: string): boolean => [...text].some((character) => character < ' ');

const KEY = 'tousu.destination';

/** Keeps it while one signs in elsewhere, from where one comes back to the front page. */
export function rememberDestination(to: string) {
  try {
    sessionStorage.setItem(KEY, to);
  } catch {
    // Then one begins at the queue.
  }
}

/** What was kept, or the queue. */
export function rememberedDestination(): string {
  try {
    return destination(sessionStorage.getItem(KEY));
  } catch {
    return destination(null);
  }
}

export function forgetDestination() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There was none.
  }
}
