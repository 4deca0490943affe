import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { options } from '../../gateway/config.ts';
import { findOnPath } from '../../shared/live/processes.ts';
import { fleetwakeProgram } from '../../simulator/cli/program.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import {
  containerOf,
  deployment,
  environmentOf,
  everyField,
  folder,
  kinds,
  madeSecrets,
  manifests,
  matches,
  overlay,
  podOf,
  roles,
  root,
} from './kubernetes.ts';
import { typeFaults } from './kubernetes-types.ts';
import { kustomized, type Manifest, named } from './kustomization.ts';

const [kubectl, promtool] = [await findOnPath('kubectl'), await findOnPath('promtool')];

describe('the manifests', () => {
  test('are resolved from files that there are, into one of each', () => {
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'ConfigMap fleetwake-api-iot',
      'ConfigMap fleetwake-platform',
      'Deployment fleetwake-api-iot',
      'Deployment fleetwake-engine',
      'Deployment fleetwake-platform',
      'Ingress fleetwake-platform',
      'Namespace fleetwake',
      'NetworkPolicy fleetwake-api-iot',
      'NetworkPolicy fleetwake-engine',
      'NetworkPolicy fleetwake-platform',
      'PersistentVolumeClaim fleetwake-api-iot',
      'PodDisruptionBudget fleetwake-engine',
      'PodDisruptionBudget fleetwake-platform',
      'Service fleetwake-api-iot',
      'Service fleetwake-platform',
      'ServiceAccount fleetwake',
    ]);
    expect(roles.map((role) => [deployment(role).spec?.replicas, containerOf(role).image])).toEqual([
      [3, 'registry.example/fleetwake:0.10.0'],
      [3, 'registry.example/fleetwake:0.10.0'],
      [1, 'registry.example/fleetwake:0.10.0'],
    ]);
    expect(everyField(kinds('PersistentVolumeClaim'), 'storage')).toEqual(['50Gi']);
  });

  test.skipIf(kubectl === null)('are those that kubectl makes of them', () => {
    const { status, stdout, stderr } = spawnSync(kubectl ?? '', ['kustomize', overlay], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const hashed = new RegExp(
      `\\b(${kinds('ConfigMap')
        .map(({ metadata }) => metadata.name)
        .join('|')})-[a-z0-9]{10}\\b`,
      'g',
    );
    const made = parseAllDocuments(stdout.replace(hashed, '$1')).map((one) => one.toJS() as Manifest);
    const sorted = (list: readonly Manifest[]) =>
      list.toSorted((a, b) => `${a.kind} ${a.metadata.name}`.localeCompare(`${b.kind} ${b.metadata.name}`));
    expect(sorted(made)).toEqual(sorted(manifests));
  });

  test('fit the schema of Kubernetes, in which a wrong name, a wrong type and a missing field are refused', () =>
    withTemporaryFolder(async (temporary) => {
      expect(typeFaults([...manifests, ...kustomized(join(folder, 'base'))], temporary)).toBe('');
      const text = JSON.stringify(manifests);
      const broken = (from: string, to: string) => {
        expect(text).toContain(from);
        return JSON.parse(text.replace(from, to)) as Manifest[];
      };
      const faults = typeFaults(
        [
          ...broken('"readinessProbe"', '"readinesProbe"'),
          ...broken('"replicas":3', '"replicas":"3"'),
          ...broken('"selector":{"matchLabels"', '"labels":{"matchLabels"'),
          ...broken('"name":"keys","image"', '"image"'),
        ],
        temporary,
      );
      expect(faults).toContain(`'"readinesProbe"' does not exist in type 'Container'`);
      expect(faults).toContain("Type 'string' is not assignable to type 'number'");
      expect(faults).toContain(`'"labels"' does not exist in type 'DeploymentSpec'`);
      expect(faults).toContain("Property 'name' is missing");
    }));

  test('name only what there is: labels, ports, volumes, and two Secrets that the page makes', () => {
    const selectors = [
      ...everyField(
        [...kinds('PodDisruptionBudget'), ...kinds('NetworkPolicy'), ...kinds('Deployment')],
        'matchLabels',
      ),
      ...kinds('Service').map((one) => (one.spec as { selector: unknown }).selector),
    ] as Record<string, string>[];
    const ofPods = selectors.filter((labels) => !('kubernetes.io/metadata.name' in labels));
    expect(ofPods.map((labels) => matches(labels).length)).toEqual(ofPods.map(() => 1));
    const secrets = new Set<string>();
    for (const role of roles) {
      const { containers, initContainers = [], volumes = [], serviceAccountName } = podOf(role);
      named(manifests, 'ServiceAccount', `${serviceAccountName}`);
      const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) =>
        volumeMounts.map(({ name }) => name),
      );
      expect([...new Set(mounted)].toSorted()).toEqual(volumes.map(({ name }) => name).toSorted());
      for (const { secret, persistentVolumeClaim } of volumes) {
        if (secret !== undefined) secrets.add(`${secret.secretName}`);
        if (persistentVolumeClaim !== undefined)
          named(manifests, 'PersistentVolumeClaim', persistentVolumeClaim.claimName);
      }
      const { name: service } = { name: `fleetwake-${role}` };
      const ports = (containerOf(role).ports ?? []).map(({ name, containerPort }) => [name, containerPort]);
      const port = role === 'api-iot' ? 8081 : 8080;
      expect(ports).toEqual([
        ['http', port],
        ['health', 8090],
      ]);
      if (role !== 'engine')
        expect((named(manifests, 'Service', service).spec as { ports: unknown }).ports).toEqual([
          { name: 'http', port, targetPort: 'http' },
        ]);
    }
    expect(everyField(kinds('Ingress'), 'backend')).toEqual([
      { service: { name: 'fleetwake-platform', port: { name: 'http' } } },
    ]);
    expect([...secrets].toSorted()).toEqual([...madeSecrets.keys()].toSorted());
  });
});

describe('the jobs for a Prometheus in the cluster', () => {
  test('are a configuration that promtool takes', () =>
    withTemporaryFolder(async (temporary) => {
      const text = readFileSync(join(folder, 'prometheus-scrape.yml'), 'utf8');
      // Debian builds promtool without the discovery of Kubernetes.
      const plain = text
        .replaceAll('kubernetes_sd_configs:', 'static_configs:')
        .replaceAll(/- \{ role: pod, .*/g, "- { targets: ['127.0.0.1:8080'] }");
      expect(plain.match(/static_configs:\n.*targets/g)).toHaveLength(2);
      writeFileSync(join(temporary, 'scrape.yml'), plain);
      const words = ['check', 'config', '--syntax-only', join(temporary, 'scrape.yml')];
      const { status, stderr } = spawnSync(promtool ?? 'promtool', words, { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }));
});

describe('each container', () => {
  test.each(roles)('of %s has probes, limits, and no rights', (role) => {
    const { containers, initContainers = [], securityContext, automountServiceAccountToken } = podOf(role);
    expect([securityContext, automountServiceAccountToken]).toEqual([
      {
        ...{ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 },
        ...{
          fsGroup: 1000,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
      false,
    ]);
    for (const { name, resources, securityContext: rights } of [...containers, ...initContainers]) {
      for (const amounts of [resources?.requests, resources?.limits])
        expect(Object.keys(amounts ?? {}), name).toEqual(['cpu', 'memory']);
      expect(rights, name).toEqual({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        capabilities: { drop: ['ALL'] },
      });
    }
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(role);
    // An outage of the database or of NATS restarts nothing: only the port with a thread of its own is asked for life.
    for (const probe of [startupProbe, livenessProbe])
      expect(probe?.httpGet).toEqual({ path: '/livez', port: 'health' });
    expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
  });

  test.each(roles)(
    'of %s calls a command with options that there are, and listens beyond the pod',
    async (role) => {
      const [name = '', ...words] = containerOf(role).args ?? [];
      const program = await fleetwakeProgram(name);
      const flags = program.commands.find((one) => one.name() === name)?.options.map(({ long }) => long);
      expect(words.slice(0, 4)).toEqual(['--roles', role, '--host', '0.0.0.0']);
      for (const flag of words.filter((word) => word.startsWith('--'))) expect(flags, flag).toContain(flag);
    },
  );

  test.each(roles)('of %s has variables that there are, and each secret in a file of a Secret', (role) => {
    const known = Object.values(options).map(({ environment }) => `${environment}`);
    const { NODE_ENV: _, ...environment } = environmentOf(role);
    const files: string[] = [];
    for (const [name, value] of Object.entries(environment)) {
      expect(known, name).toContain(name.replace(/_FILE$/, ''));
      if (name.endsWith('_FILE')) files.push(value);
      else expect([name, value].join('=')).not.toMatch(/PASSWORD|KEY|SECRET|:\/\/[^/]*@/);
    }
    const { volumeMounts = [] } = containerOf(role);
    const place = volumeMounts.find(({ name }) => name === 'secrets')?.mountPath;
    expect(files).toEqual(
      role === 'api-iot' ? [] : (madeSecrets.get('fleetwake-platform') ?? []).map((key) => `${place}/${key}`),
    );
    expect(madeSecrets.get('fleetwake-keys')).toEqual(['keys.json']);
  });

  test('has one process on the file of the API IoT, several of the others, and time to drain', () => {
    expect(roles.map((role) => deployment(role).spec?.strategy)).toEqual([
      { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      { type: 'Recreate' },
    ]);
    const unit = readFileSync(join(root, 'ops/systemd/fleetwake-gateway.service'), 'utf8');
    const drainSeconds = Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]);
    for (const role of roles) {
      const preStop = containerOf(role).lifecycle?.preStop?.exec?.command ?? [];
      expect(podOf(role).terminationGracePeriodSeconds).toBeGreaterThan(drainSeconds + Number(preStop[1]));
    }
  });
});
