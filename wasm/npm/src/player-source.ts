// A file from an address, for a player.

import { OnmonError } from './errors.js';

/** All of it. Rejects with `aborted`, `network`, `server_refused`, `server_failed`. */
export async function fetchFile(address: URL | string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(address, { signal });
    if (response.ok) return await response.blob();
    const { status } = response;
    const code = status >= 500 ? 'server_failed' : 'server_refused';
    throw new OnmonError(code, { detail: `HTTP ${status}`, status });
  } catch (cause) {
    if (cause instanceof OnmonError) throw cause;
    if (signal.aborted) throw new OnmonError('aborted', { cause });
    throw new OnmonError('network', { detail: String(cause), cause });
  }
}
