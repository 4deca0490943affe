import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Manifest } from './kustomization.ts';

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
/** Where kubernetes-types has the kinds of an API group and version; null for what is not of Kubernetes itself. */
const modulesOf: Readonly<Record<string, string>> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'policy/v1': 'policy/v1',
  'networking.k8s.io/v1': 'networking/v1',
};

/**
 * Checks objects against the types that kubernetes-types has from Kubernetes' own schema: each is written as a literal, in which the compiler
 * refuses unknown fields, wrong types and missing fields. Returns what it refuses, empty when nothing.
 */
export function typeFaults(manifests: readonly Manifest[], folder: string): string {
  const lines = manifests.map((manifest, at) => {
    const module = modulesOf[manifest.apiVersion];
    if (module === undefined) throw new Error(`${manifest.apiVersion} is not known: ${manifest.kind}`);
    const type = `import(${JSON.stringify(join(modules, 'kubernetes-types', module))}).${manifest.kind}`;
    return `export const object${at}: ${type} = ${JSON.stringify(manifest, null, 1)};`;
  });
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
  const words = ['--noEmit', '--strict', '--ignoreConfig', '--types', '', '--target', 'es2022'];
  const module = ['--module', 'esnext', '--moduleResolution', 'bundler'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(modules, 'typescript/bin/tsc'), ...words, ...module, 'manifests.ts'],
    { cwd: folder, encoding: 'utf8' },
  );
  return `${stdout}${stderr}`;
}
