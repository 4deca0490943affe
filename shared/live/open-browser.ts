import { spawn } from 'node:child_process';

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // The empty text is the title of the window.
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens an address in the user's browser. Resolves with false where no program of this machine can. */
export function openInBrowser(url: string): Promise<boolean> {
  const [program, ...parameters] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(program, [...parameters, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      // The browser outlives the command.
      child.unref();
      resolve(true);
    });
  });
}
