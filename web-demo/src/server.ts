// The server that the page asks, and an account at it: made at the first need, and forgotten with the page.

import { OnmonError } from 'onmon';
import { signIn } from 'onmon/sharing';

/** Set at build time where the server is not the page's own origin. */
const SERVER: string | undefined = import.meta.env['VITE_ONMON_SERVER'] || undefined;

/** The `server` of the package's calls: left out where it is the page's own. */
export const AT_SERVER: { server?: string } = SERVER === undefined ? {} : { server: SERVER };

/** Somebody at the server, with tokens of minutes. */
export class Account {
  readonly #name: string;
  #apiKey: Promise<string> | undefined;
  #token: { text: string; endsMs: number } | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** A token that is still good; opens the account where there is none yet. */
  async token(): Promise<string> {
    if (this.#token && performance.now() < this.#token.endsMs) return this.#token.text;
    this.#apiKey ??= register(this.#name).catch((error) => {
      this.#apiKey = undefined;
      throw error;
    });
    const { token, expiresInS } = await signIn(await this.#apiKey, AT_SERVER);
    // A minute early, so that it does not end on the way.
    this.#token = { text: token, endsMs: performance.now() + (expiresInS - 60) * 1_000 };
    return token;
  }
}

async function register(name: string): Promise<string> {
  const body = JSON.stringify({ name });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${(SERVER ?? location.origin).replace(/\/$/, '')}/v1/accounts`, { method: 'POST', headers, body })
    .catch((cause) => Promise.reject(new OnmonError('network', { detail: String(cause), cause })));
  const content = (await answer.json().catch(() => null)) as { api_key?: unknown; detail?: unknown } | null;
  if (answer.ok && typeof content?.api_key === 'string') return content.api_key;
  const code = answer.status >= 500 ? 'server_failed' : 'no_account';
  throw new OnmonError(code, { status: answer.status, detail: String(content?.detail ?? answer.status) });
}

/** Whatever was thrown as an error that has a sentence. */
export function known(error: unknown): OnmonError {
  return error instanceof OnmonError ? error : new OnmonError('internal', { detail: String(error), cause: error });
}
