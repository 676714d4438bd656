// Requests to an onmon server, and what its refusals become.

import { OnmonError } from './errors.js';

/** What is sent, and for whom. */
export interface Sent {
  /** A POST with these bytes or this text; a GET where left out. */
  body?: Uint8Array | string | undefined;
  /** Another method than those: a POST of nothing, say. */
  method?: 'POST' | 'DELETE' | undefined;
  /** The body's media type. */
  type?: string | undefined;
  /** An account's token, where the route asks for one. */
  token?: string | undefined;
  /** Under which a request that is sent again counts once. */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** An account's token of minutes, or what gives a fresh one at each request. */
export type TokenSource = string | (() => string | Promise<string>);

/** The token for one request. */
export async function tokenOf(source: TokenSource): Promise<string> {
  return typeof source === 'string' ? source : source();
}

/** Sends a request and resolves to the JSON of the answer, not yet looked at. */
export async function request(
  server: string | URL,
  path: string,
  sent: Sent,
): Promise<{ content: unknown; status: number }> {
  const response = await send(endpoint(server, path), sent);
  let content: unknown;
  try {
    content = JSON.parse(await response.text());
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw requestError(cause, sent.signal);
  }
  if (!response.ok) throw refusal(response.status, content);
  return { content, status: response.status };
}

function endpoint(server: string | URL, path: string): URL {
  const base = String(server);
  try {
    return new URL(path, base.endsWith('/') ? base : `${base}/`);
  } catch (cause) {
    throw new OnmonError('no_server', { detail: `${base} is not an absolute URL`, cause });
  }
}

async function send(url: URL, sent: Sent): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (sent.type !== undefined) headers['content-type'] = sent.type;
  if (sent.token !== undefined) headers['authorization'] = `Bearer ${sent.token}`;
  if (sent.idempotencyKey !== undefined) headers['idempotency-key'] = sent.idempotencyKey;
  try {
    return await fetch(url, {
      method: sent.method ?? (sent.body === undefined ? 'GET' : 'POST'),
      headers,
      body: (sent.body ?? null) as BodyInit | null,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      signal: sent.signal ?? null,
    });
  } catch (cause) {
    throw requestError(cause, sent.signal);
  }
}

/** The error for an HTTP status, with what the server's problem document says, if it is one. */
export function refusal(status: number, content: unknown): OnmonError {
  const problem = (content ?? {}) as { code?: unknown; title?: unknown; detail?: unknown };
  const words = [problem.code, problem.detail ?? problem.title, `HTTP ${status}`];
  const detail = words.filter(Boolean).join(', ');
  const code = status >= 500 ? 'server_failed' : 'server_refused';
  const said = typeof problem.code === 'string' ? problem.code : undefined;
  return new OnmonError(code, { detail, status, problem: said });
}

/** The error for a request that brought no answer. */
export function requestError(cause: unknown, signal: AbortSignal | undefined): OnmonError {
  if (signal?.aborted) return new OnmonError('aborted', { cause });
  return new OnmonError('network', { detail: String(cause), cause });
}
