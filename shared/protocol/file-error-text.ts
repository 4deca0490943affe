const sentences: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not open it',
  EPERM: 'this user may not open it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EMFILE: 'too many files are open',
};

/** Why a file could not be opened, in words that fit behind its name: `there is no such file`. */
export function fileErrorText(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return sentences[code ?? ''] ?? message ?? String(error);
}
