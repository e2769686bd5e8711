/** What is another at each run: the pattern, and what stands for it. */
const CHANGING: [RegExp, string][] = [
  [/^id: [\w.<>-]+$/gm, 'id: <cursor>'],
  [/^retry: \d+$/gm, 'retry: <ms>'],
  [/"(connection|sid|ticket|token)":"[^"]+"/g, '"$1":"<$1>"'],
  [/"(t|time|expiresAt|createdAt|retryAfterMs)":\d+/g, '"$1":<number>'],
  // A position is 32 characters of base64url, the secret of a session or a ticket 43, a `sid` 22.
  [/(?<=")[\w-]{32}(?=")/g, '<position>'],
  [/(?<=\$session:)[\w-]{22}/g, '<sid>'],
  [/\b[0-9a-f]{16}(?=-\d+\b)/g, '<epoch>'],
];

/** The text, with what is another at each run replaced. */
export function comparable(text: string): string {
  const spaceless = text.replaceAll('\r', '').trim();
  return CHANGING.reduce((result, [pattern, stand]) => result.replaceAll(pattern, stand), spaceless);
}

/** What a page shows in a block of this language, as it must be found in what was printed. */
export function shown(language: string, code: string): string {
  return comparable(language === 'json' ? JSON.stringify(JSON.parse(code)) : code);
}

/** True where the lines come in this order, whatever is between them: how headers are shown. */
export function hasLines(text: string, lines: readonly string[]): boolean {
  const rest = text.split('\n');
  return lines.every((line) => {
    const index = rest.indexOf(line);
    rest.splice(0, index + 1);
    return index !== -1;
  });
}
