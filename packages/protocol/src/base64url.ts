const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Bytes as base64url text without padding; needs no `Buffer`, so it runs in browsers. By hand, as it is made for each event: `btoa` has to be
 * given a text of the bytes, and its own has three characters to be replaced.
 */
export function toBase64Url(bytes: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text +=
      ALPHABET[bits >> 18]! +
      ALPHABET[(bits >> 12) & 63]! +
      ALPHABET[(bits >> 6) & 63]! +
      ALPHABET[bits & 63]!;
  }
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
}

/** The bytes of base64url text, or undefined where it is none. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
