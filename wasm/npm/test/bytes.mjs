// Hexadecimal, and files of other rooms' tests.

import { readFileSync } from 'node:fs';

export const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

export const hexOf = (bytes) => Buffer.from(bytes).toString('hex');

/** A file by its path in the repository. */
export const fileOf = (path) => new Uint8Array(readFileSync(new URL(`../../../${path}`, import.meta.url)));

export const jsonOf = (path) => JSON.parse(Buffer.from(fileOf(path)).toString());

export const contentOf = async (blob) => new Uint8Array(await blob.arrayBuffer());
