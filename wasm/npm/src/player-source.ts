// A file from an address, for a player.

import { refusal, requestError } from './server.js';

/** All of it. Rejects with `aborted`, `network`, `server_refused`, `server_failed`. */
export async function fetchFile(address: URL | string, signal: AbortSignal): Promise<Blob> {
  const failed = (cause: unknown): never => {
    throw requestError(cause, signal);
  };
  const response = await fetch(address, { signal }).catch(failed);
  if (!response.ok) throw refusal(response.status, undefined);
  return response.blob().catch(failed);
}
