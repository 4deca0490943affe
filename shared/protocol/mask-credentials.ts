const userInfo = /(\/\/)[^/?#\s@]*@/g;

/** Returns a text with the user and password of every URL in it replaced, fit for a log, an error or a list. */
export function maskCredentials(text: string): string {
  return text.replace(userInfo, '$1***@');
}
