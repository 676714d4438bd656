// Bytes as the server's JSON spells them.

import { OnmonError } from './errors.js';

/** Two digits a byte. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of an answer's base64url; rejects with `bad_answer` what is none, or empty. */
export function bytesOf(base64url: string | null): Uint8Array {
  try {
    const text = atob(String(base64url).replaceAll('-', '+').replaceAll('_', '/'));
    if (base64url) return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw new OnmonError('bad_answer', { cause });
  }
  throw new OnmonError('bad_answer');
}
