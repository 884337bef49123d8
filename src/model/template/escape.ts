/** The functions html, js and urlquery. */

const HTML: Record<string, string> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => HTML[character] ?? character);
}

const JS: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

export function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=]|[^\P{C}]|\p{Z}/gu, (character) => {
    if (character === ' ') return character;
    const point = character.codePointAt(0) ?? 0;
    return JS[character] ?? `\\u${point.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** As in a query: everything but letters, digits and -_.~ by its bytes, a blank as +. */
export function escapeQuery(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[A-Za-z0-9\-_.~]/.test(character)) return character;
      return character === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
