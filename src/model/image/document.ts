/**
 * The config blobs of images that are made here (OCI image spec, config.md), with the fields in the order and the escapes
 * that Go writes: an import of the same tar then has the ID that Podman gives it. Pure.
 */

import { BerthError } from '../errors.ts';
import type { DocumentConfig } from './change.ts';

/** As much of a document as is looked into; what else is in one is kept. */
interface Document {
  config?: DocumentConfig;
  rootfs?: { diff_ids?: string[] };
  history?: object[];
  [other: string]: unknown;
}

export interface DocumentPlatform {
  architecture: string;
  os: string;
  variant?: string;
}

export interface ImportFacts {
  /** RFC 3339 with nanoseconds. */
  created: string;
  platform: DocumentPlatform;
  config: DocumentConfig;
  diffId: string;
  /** --message */
  message?: string;
}

/** The document of an image that is one layer from a tar. */
export function importedDocument({ created, platform, config, diffId, message }: ImportFacts): string {
  return goJson({
    created,
    ...platformFields(platform),
    config: ordered(config),
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
    history: [
      {
        created,
        created_by: `/bin/sh -c #(nop) ADD file:${diffId} in /`,
        comment: message ?? 'imported from tarball',
      },
    ],
  });
}

export interface CommitFacts {
  created: string;
  platform: DocumentPlatform;
  config: DocumentConfig;
  /** The layer of what the container changed, or with --squash of everything. */
  diffId: string;
  /** The document of the container's image, of which the layers and the history go on; undefined for --squash and --rootfs. */
  base?: string;
  /** Full name of that image. */
  from?: string;
  author?: string;
  message?: string;
}

/** The document of an image made of a container. */
export function committedDocument(facts: CommitFacts): string {
  const { created, platform, config, diffId, base, from, author, message } = facts;
  const below = base === undefined ? {} : parsed(base);
  return goJson({
    ...(message === undefined ? {} : { comment: message }),
    created,
    ...(author === undefined ? {} : { author }),
    ...platformFields(platform),
    config: ordered(config),
    rootfs: { type: 'layers', diff_ids: [...(below.rootfs?.diff_ids ?? []), `sha256:${diffId}`] },
    history: [
      ...(below.history ?? []),
      {
        created,
        ...(author === undefined ? {} : { author }),
        created_by: '/bin/sh',
        ...(from === undefined ? {} : { comment: `FROM ${from}` }),
      },
    ],
  });
}

/** The config part of an image's document. */
export function documentConfig(document: string): DocumentConfig {
  return parsed(document).config ?? {};
}

function parsed(document: string): Document {
  const value: unknown = JSON.parse(document);
  if (typeof value !== 'object' || value === null)
    throw new BerthError('store', 'the config of the image is damaged in the database: load the image again');
  return value as Document;
}

function platformFields({ architecture, os, variant }: DocumentPlatform): object {
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

const ORDER = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'Healthcheck',
  'OnBuild',
] as const;

/** What is empty is left out; maps have their keys sorted. */
function ordered(config: DocumentConfig): object {
  const names = [
    ...ORDER,
    ...Object.keys(config).filter((name) => !(ORDER as readonly string[]).includes(name)),
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = config[name];
      if (value === undefined || value === null || value === '') return [];
      if (typeof value !== 'object') return [[name, value]];
      if (Object.keys(value).length === 0) return [];
      return [[name, Array.isArray(value) || name === 'Healthcheck' ? value : sorted(value)]];
    }),
  );
}

function sorted(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** JSON as Go writes it: nothing in it can end a script of a web page. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A time with as many digits of its second as it has, at most nine: 2026-11-27T23:31:45.258819908Z. */
export function goTimestamp(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}
