// A file between the disk and the wire.

/** Bytes that a file may have at most. */
export const MOST_BYTES = 16 * 1024 * 1024;

/** What a file's name must end in. */
export const ENDINGS = ['.csv', '.xlsx'];

export type Unfit = 'ending' | 'size' | 'empty';

/** Why a file cannot be taken in; undefined if nothing is in the way. */
export function unfit({ name, size }: { name: string; size: number }): Unfit | undefined {
  if (!ENDINGS.some((ending) => name.toLowerCase().endsWith(ending))) return 'ending';
  if (size === 0) return 'empty';
  return size > MOST_BYTES ? 'size' : undefined;
}

/** The file's bytes in base64. */
export const inBase64 = (file: Blob): Promise<string> =>
  new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onerror = () => failed(reader.error);
    reader.onload = () => {
      const url = String(reader.result);
      done(url.slice(url.indexOf(',') + 1));
    };
    reader.readAsDataURL(file);
  });

/** The bytes that base64 stands for. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
