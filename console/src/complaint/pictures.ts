// Which addresses of pictures a page may follow: strangers wrote them.

const DATA = /^data:image\/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=]+$/;

/** Whether the address may be shown as a picture: encrypted, or in itself, and never a script or a drawing with one. */
export function isShowable(address: string): boolean {
  if (DATA.test(address)) return true;
  try {
    return new URL(address).protocol === 'https:';
  } catch {
    return false;
  }
}
