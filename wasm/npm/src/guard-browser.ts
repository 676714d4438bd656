// A guard in a browser: `onmon/guard`.

import * as onmon from './browser.js';
import { Guard as AnyGuard, type GuardOptions } from './guard.js';
import { Incoming as AnyIncoming, type IncomingOptions } from './incoming.js';
import { browserPlatform } from './platform-browser.js';
import { SharingServer } from './sharing-server.js';
import { Uploads } from './sharing-upload.js';
import * as tags from './tag-browser.js';

export * from './guard-exports.js';

/** Checks files before they leave. */
export class Guard extends AnyGuard {
  constructor(options: GuardOptions = {}) {
    const server = new SharingServer(browserPlatform.defaultServer);
    super(options, { onmon, server, uploads: new Uploads({ onmon, tags, server }) });
  }
}

/** Looks at files that are on their way here, and buys them. */
export class Incoming extends AnyIncoming {
  constructor(options: IncomingOptions = {}) {
    super(options, { onmon, tags, server: new SharingServer(browserPlatform.defaultServer) });
  }
}
