import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { lineIn, pathOf } from '../../shared/files/json-line.ts';
import { readTextFile } from '../../shared/files/text-file.ts';
import { fileErrorText } from '../../shared/protocol/file-error-text.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import { readAdapterFile } from '../adapter/adapter-file.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { CatalogueError } from '../catalogue/faults.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../catalogue/folder.ts';
import { loadCatalogue } from '../catalogue/load.ts';
import { servicesPath } from '../catalogue/services-file.ts';
import type { GatewayConfig } from '../config.ts';
import { senderDomain } from '../options/payment-and-mail-options.ts';
import type { Role } from '../options/process-options.ts';
import { toStripeAmount } from '../payments/currency-units.ts';
import { keyNames } from './keys.ts';
import { noticeTemplates } from './notice-templates.ts';
import { roleFault } from './roles.ts';
import { supportRoster } from './support-roster.ts';

/** Something that is wrong, where that was said, and how to mend it. */
export interface Problem {
  /** `--quota`, `API_IOT_QUOTA`, `catalogue/services.json:12` */
  readonly source: string;
  readonly problem: string;
}

/** Where an option's value came from: its flag, its variable, or nowhere. */
export type SourceOf = (option: keyof GatewayConfig) => string;

/** Checks what a gateway with this configuration would read at its start. Reads files, and makes, starts and asks nothing. */
export function checkFiles(config: GatewayConfig, sourceOf: SourceOf): Problem[] {
  const hasPlatform = config.roles.includes('platform') || config.roles.includes('engine');
  return [
    ...rolesOf(config, sourceOf),
    ...portsOf(config, sourceOf),
    ...dataFolderOf(config, sourceOf),
    ...keysOf(config),
    ...(hasPlatform
      ? [
          ...catalogueOf(config),
          ...adapterOf(config),
          ...rosterOf(config, sourceOf),
          ...natsFilesOf(config, sourceOf),
          ...mailOf(config, sourceOf),
        ]
      : []),
  ];
}

function rolesOf(config: GatewayConfig, sourceOf: SourceOf): Problem[] {
  const fault = roleFault(config);
  return fault === null ? [] : [{ source: sourceOf('roles'), problem: fault }];
}

function portsOf(config: GatewayConfig, sourceOf: SourceOf): Problem[] {
  const runs = (role: Role) => config.roles.includes(role);
  const ofPlatform = runs('platform') || runs('engine') ? (['port'] as const) : [];
  const ofApiIot = runs('api-iot') && config.apiIotUrl === null ? (['apiIotPort'] as const) : [];
  const ofBroker = runs('broker') && config.mqttUrl === null ? (['mqttPort'] as const) : [];
  const names = [...ofPlatform, ...ofApiIot, ...ofBroker, ...(['metricsPort', 'healthPort'] as const)];
  return names.flatMap((name, index) => {
    const other = names.slice(0, index).find((before) => config[before] === config[name]);
    if (config[name] === 0 || other === undefined) return [];
    return [
      {
        source: sourceOf(name),
        problem: `port ${config[name]} is that of ${sourceOf(other)}: choose another`,
      },
    ];
  });
}

function dataFolderOf({ data }: GatewayConfig, sourceOf: SourceOf): Problem[] {
  const problem = (text: string) => [{ source: sourceOf('data'), problem: `${data} ${text}` }];
  let folder = resolve(data);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    return problem('is no folder: name a folder, or a path where one can be made');
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return [];
  } catch {
    return problem(`cannot be written (${folder} is not writable): choose another folder`);
  }
}

function keysOf({ data }: GatewayConfig): Problem[] {
  const file = join(data, 'keys.json');
  if (!existsSync(file)) return [];
  try {
    const text = readTextFile(file);
    const keys = parseJsonText(text) as Readonly<Record<string, unknown>>;
    return keyNames
      .filter((name) => keys[name] !== undefined && (typeof keys[name] !== 'string' || keys[name] === ''))
      .map((name) => ({
        source: `${file}:${lineIn(text, [name])}`,
        problem: `${name} is no text: restore the file, or remove the key to have a new one made`,
      }));
  } catch (error) {
    return [{ source: file, problem: `cannot be read (${fileErrorText(error)}): restore it` }];
  }
}

function catalogueOf(config: GatewayConfig): Problem[] {
  const folder = config.catalogue ?? shippedCatalogueFolder();
  const files = catalogueFolder(folder);
  const place = (file: string, field: string) => {
    const path = join(folder, file);
    return existsSync(path) && statSync(path).isFile()
      ? `${path}:${lineIn(readTextFile(path), pathOf(field))}`
      : path;
  };
  try {
    const catalogue = loadCatalogue(files);
    return pricesOf(catalogue, (field) => place(servicesPath, field));
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    return error.faults.map((fault) => {
      // `services.json: services[0].name is missing; write …`, `templates/x cannot be read: …`
      const [, file = '', , field = ''] = /^([^\s:]+)(: ([\w[\].-]+))?/.exec(fault) ?? [];
      return { source: place(file, field), problem: fault.slice(file.length).replace(/^: /, '').trim() };
    });
  }
}

function adapterOf({ apiIotAdapter: file }: GatewayConfig): Problem[] {
  const reading = file === null ? null : readAdapterFile(file);
  if (reading === null || reading.ok) return [];
  return reading.mistakes.map((mistake) => {
    const [, place = file ?? '', problem = mistake] = /^(.*?:\d+:\d+): (.*)$/s.exec(mistake) ?? [];
    return { source: place, problem: problem.replace(`${file}: `, '') };
  });
}

/** Amounts that no payment service can charge, such as thousandths of a dinar that end in another digit than 0. */
function pricesOf(catalogue: Catalogue, place: (field: string) => string): Problem[] {
  return catalogue.services().flatMap(({ offers }, service) =>
    offers.flatMap(({ price }, offer) =>
      toStripeAmount(price.amountMinor, price.currency) === null
        ? [
            {
              source: place(`services[${service}].offers[${offer}].price`),
              problem: `${formatMoney(price)} cannot be charged by the payment service: correct the amount`,
            },
          ]
        : [],
    ),
  );
}

function rosterOf({ supportRoster: file }: GatewayConfig, sourceOf: SourceOf): Problem[] {
  try {
    supportRoster(file);
    return [];
  } catch (error) {
    const { message } = error as Error;
    const field = /cannot be used: ([\w.]+):/.exec(message)?.[1];
    const isRead = file !== null && field !== undefined;
    const source = isRead
      ? `${file}:${lineIn(readTextFile(file), pathOf(field))}`
      : sourceOf('supportRoster');
    return [{ source, problem: message.replace('--support-roster: ', '') }];
  }
}

/** Files with which a gateway is let in by NATS. */
function natsFilesOf(config: GatewayConfig, sourceOf: SourceOf): Problem[] {
  const names = ['natsCredentials', 'natsNkey', 'natsCa', 'natsCertificate', 'natsKey'] as const;
  return names.flatMap((name) => {
    const file = config[name];
    if (file === null) return [];
    try {
      readTextFile(file);
      return [];
    } catch (error) {
      const problem = `${file} cannot be read (${fileErrorText(error)}): correct the path`;
      return [{ source: sourceOf(name), problem }];
    }
  });
}

function mailOf(config: GatewayConfig, sourceOf: SourceOf): Problem[] {
  const problems: Problem[] = [];
  const { mailCa, mailFrom } = config;
  if (mailCa !== null) {
    try {
      if (!readTextFile(mailCa).includes('-----BEGIN CERTIFICATE-----'))
        problems.push({
          source: sourceOf('mailCa'),
          problem: `${mailCa} holds no certificate: give one as PEM`,
        });
    } catch (error) {
      problems.push({
        source: sourceOf('mailCa'),
        problem: `${mailCa} cannot be read (${fileErrorText(error)}): correct the path`,
      });
    }
  }
  try {
    noticeTemplates(config.templates, senderDomain(mailFrom) ?? 'localhost');
  } catch (error) {
    problems.push({ source: 'notification templates', problem: (error as Error).message });
  }
  return problems;
}
