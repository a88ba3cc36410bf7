// Whoever is signed in to the console has a session here too, and with it a token without typing a secret.

const SHOP = 'tousu.shop';

async function call(name, headers) {
  const response = await fetch(`/${name}/1.0.0`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: '{}',
    cache: 'no-store',
  });
  return response.json();
}

/** Who is signed in and for which shops: `{ user, shops, csrf_token }`, or null for a stranger. */
async function signedIn() {
  try {
    const { code, data } = await call('tousu.session.get');
    return Number(code) === 0 && data.shops.length > 0 ? data : null;
  } catch {
    // The page is of use to strangers as well, so that it says nothing of this.
    return null;
  }
}

/** A promise of it: the page does not wait. */
export const session = signedIn();

/** The shop that was last chosen, here or in the console, if it is still among these. */
export function chosenShop(shops) {
  const remembered = localStorage.getItem(SHOP);
  return shops.some((shop) => shop.app_id === remembered) ? remembered : shops[0].app_id;
}

export const chooseShop = (appId) => localStorage.setItem(SHOP, appId);

/** The answer `{ code, data }` with a token that acts as the signed-in user in the chosen shop. */
export const sessionToken = ({ shops, csrf_token: csrf }) =>
  call('tousu.session.token', { 'X-Csrf-Token': csrf, 'X-App-Id': chosenShop(shops) });
