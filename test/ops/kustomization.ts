import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import jsonPointer from 'jsonpointer';
import { parseAllDocuments } from 'yaml';

/** An object of Kubernetes as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; namespace?: string };
  readonly [field: string]: unknown;
}

interface ConfigMap extends Manifest {
  readonly data: Record<string, string>;
}

interface Container {
  image: string;
}

interface Workload extends Manifest {
  readonly spec: {
    replicas?: number;
    readonly template: {
      readonly spec: { readonly containers: Container[]; readonly initContainers?: Container[] };
    };
  };
}

/** What a kustomization.yaml may hold here. */
interface Kustomization {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resources: readonly string[];
  readonly namespace?: string;
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly behavior?: 'merge';
    readonly literals: readonly string[];
  }[];
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name: string };
    readonly patch: string;
  }[];
}

/** The fields that are resolved here; each other one is refused, so that nothing is left out in silence. */
const known = [
  ...['apiVersion', 'kind', 'resources', 'namespace', 'images', 'replicas', 'configMapGenerator', 'patches'],
];

/**
 * Returns the objects that `kubectl kustomize` makes of a folder, but that generated names have no hash. Throws for a file or a target that
 * is not there, and for what it does not know.
 */
export function kustomized(folder: string): Manifest[] {
  const [kustomization] = documentsOf(join(folder, 'kustomization.yaml')) as [Kustomization];
  const unknown = Object.keys(kustomization).filter((field) => !known.includes(field));
  if (unknown.length > 0) throw new Error(`${folder}/kustomization.yaml: ${unknown.join(', ')} is not known`);
  const manifests = kustomization.resources.flatMap((resource) => {
    const path = join(folder, resource);
    return statSync(path).isDirectory() ? kustomized(path) : (documentsOf(path) as Manifest[]);
  });
  for (const generator of kustomization.configMapGenerator ?? []) generate(manifests, generator);
  for (const { target, patch } of kustomization.patches ?? [])
    patchObject(named(manifests, target.kind, target.name), patch);
  for (const { name, count } of kustomization.replicas ?? [])
    (named(manifests, 'Deployment', name) as Workload).spec.replicas = count;
  for (const image of kustomization.images ?? []) setImage(manifests, image);
  for (const { kind, metadata } of manifests)
    if (kind !== 'Namespace' && kustomization.namespace !== undefined)
      metadata.namespace = kustomization.namespace;
  return manifests;
}

/** Every document of a file. Throws with the place of what is no YAML. */
export function documentsOf(file: string): unknown[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${file}: ${error.message}`);
    return document.toJS();
  });
}

/** Returns the one object of this kind and name. Throws if there is none, or more than one. */
export function named(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const [found, ...others] = manifests.filter((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined || others.length > 0)
    throw new Error(`there are ${others.length + (found ? 1 : 0)} of ${kind} ${name}`);
  return found;
}

function generate(
  manifests: Manifest[],
  { name, behavior, literals }: NonNullable<Kustomization['configMapGenerator']>[number],
): void {
  const data = Object.fromEntries(
    literals.map((literal) => [
      literal.slice(0, literal.indexOf('=')),
      literal.slice(literal.indexOf('=') + 1),
    ]),
  );
  if (behavior === 'merge') Object.assign((named(manifests, 'ConfigMap', name) as ConfigMap).data, data);
  else manifests.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

/** Applies a JSON patch (RFC 6902) that replaces values. */
function patchObject(manifest: Manifest, patch: string): void {
  const [operations] = parseAllDocuments(patch).map((document) => document.toJS()) as {
    readonly op: string;
    readonly path: string;
    readonly value: unknown;
  }[][];
  for (const { op, path, value } of operations ?? []) {
    if (op !== 'replace' || jsonPointer.get(manifest, path) === undefined)
      throw new Error(`${op} ${path} cannot be applied to ${manifest.kind} ${manifest.metadata.name}`);
    jsonPointer.set(manifest, path, value);
  }
}

function setImage(
  manifests: readonly Manifest[],
  { name, newName, newTag }: NonNullable<Kustomization['images']>[number],
): void {
  const pods = manifests
    .filter(({ kind }) => kind === 'Deployment')
    .map((one) => (one as Workload).spec.template.spec);
  const containers = pods.flatMap((pod) => [...pod.containers, ...(pod.initContainers ?? [])]);
  const found = containers.filter(({ image }) => image === name);
  if (found.length === 0) throw new Error(`no container has the image ${name}`);
  for (const container of found) container.image = `${newName}:${newTag}`;
}
