/** Shorter ones would mask ordinary words. */
const secretMin = 4;

/** Returns a text with each of the secrets left out, also percent-encoded or in base64: what another service answers may repeat what it was sent. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length >= secretMin)
    .flatMap((secret) => [secret, encodeURIComponent(secret), base64Of(secret)]);
  return [...new Set(forms)]
    .sort((a, b) => b.length - a.length)
    .reduce((masked, form) => masked.replaceAll(form, '***'), text);
}

/** Without padding, so that it is found as a part of something longer as well. */
function base64Of(secret: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(secret))).replaceAll('=', '');
}
