import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** Returns the text of a file, named from the root of the project. */
export function textOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

export function isThere(path: string): boolean {
  return existsSync(new URL(path, root));
}

/** Returns the folders directly inside one, sorted: `gateway/activation/` and so on. */
export function foldersOf(path: string): string[] {
  return readdirSync(new URL(path, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${path}${name}/`)
    .sort();
}

/** Returns the names of the files in a folder, those of its subfolders included, relative to it. */
export function filesIn(path: string): string[] {
  const folder = fileURLToPath(new URL(path, root));
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length).replace(/^\//, ''))
    .sort();
}

/** Returns the files and folders of the source tree that a page names in backquotes. */
export function pathsNamedIn(text: string): string[] {
  const matches = text.matchAll(/`((?:gateway|simulator|shared|test|docs|schemas|\.ci)\/[\w./-]*)`/g);
  return [...new Set([...matches].map(([, path = '']) => path))].sort();
}

/** Returns the targets of a page's links to other files, as paths from the root, with their anchors. */
export function linksOf(page: string): { readonly path: string; readonly anchor: string | null }[] {
  return [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const { pathname, hash } = new URL(target, `file:///${page}`);
    return [{ path: pathname.slice(1), anchor: hash === '' ? null : hash.slice(1) }];
  });
}

/** Returns the anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
