const userInfo = /(\/\/)[^/?#\s@]*@/g;

/** Returns a text with the user and password of every URL in it replaced, fit for a log, an error or a list. */
export function maskCredentials(text: string): string {
  return text.replace(userInfo, '$1***@');
}

/** Returns whether a URL carries a user or a password, which `fetch` refuses and a log would show. */
export function hasCredentials(url: string): boolean {
  const { username = '', password = '' } = URL.parse(url) ?? {};
  return username !== '' || password !== '';
}
