import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { imageEnvironment } from '../e2e/image.ts';
import { kustomized, named } from './kustomization.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const folder = join(root, 'ops/kubernetes');
export const overlay = join(folder, 'overlays/example');
export const manifests = kustomized(overlay);
export const page = readFileSync(join(root, 'docs/deployment.md'), 'utf8');
export const roles = ['platform', 'engine', 'api-iot'] as const;
export type Role = (typeof roles)[number];

export const deployment = (role: Role) =>
  named(manifests, 'Deployment', `fleetwake-${role}`) as unknown as Deployment;
export const podOf = (role: Role): PodSpec => {
  const pod = deployment(role).spec?.template.spec;
  if (pod === undefined) throw new Error(`${role} has no pod`);
  return pod;
};
export const containerOf = (role: Role): Container => {
  const [container, ...others] = podOf(role).containers;
  if (container === undefined || others.length > 0) throw new Error(`${role} has not one container`);
  return container;
};
const dataOf = (name: string) =>
  (named(manifests, 'ConfigMap', name) as unknown as { readonly data: Record<string, string> }).data;
/** What the container's process finds in its environment. */
export function environmentOf(role: Role): Record<string, string> {
  const { env = [], envFrom = [] } = containerOf(role);
  return {
    ...imageEnvironment(),
    ...Object.assign({}, ...envFrom.map(({ configMapRef }) => dataOf(`${configMapRef?.name}`))),
    ...Object.fromEntries(env.map(({ name, value = '' }) => [name, value])),
  };
}
export const kinds = (kind: string) => manifests.filter((one) => one.kind === kind);
/** The labels under which each pod runs. */
const podLabels = roles.map((role) => deployment(role).spec?.template.metadata?.labels ?? {});
export const matches = (labels: Readonly<Record<string, string>>) =>
  podLabels.filter((own) => Object.entries(labels).every(([name, value]) => own[name] === value));
/** Everything under `field`, however deep. */
export function everyField(value: unknown, field: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [
    ...(name === field ? [one] : []),
    ...everyField(one, field),
  ]);
}

/** The Secrets that the page makes, with the keys of each. */
export const madeSecrets = new Map(
  [...page.matchAll(/create secret generic (\S+)((?:\\\n|[^\n])*)/g)].map(
    ([, name = '', rest = '']): [string, string[]] => [
      name,
      [...rest.matchAll(/--from-file=([a-z.-]+)=/g)].map(([, key = '']) => key),
    ],
  ),
);
