// Two Helia peers in one page: libp2p between them as it is, over its transport in memory.

import { withBitswap } from '@helia/bitswap';
import { withLibp2p } from '@helia/libp2p';
import { unixfs } from '@helia/unixfs';
import { identify } from '@libp2p/identify';
import { memory } from '@libp2p/memory';
import { noise } from '@libp2p/noise';
import { yamux } from '@libp2p/yamux';
import { createHeliaLight } from 'helia';
import { Guard } from 'onmon/guard';
import { guardedAddFile } from 'onmon/helia';

async function peer(name) {
  const helia = withBitswap(
    withLibp2p(createHeliaLight(), {
      addresses: { listen: [`/memory/${name}`] },
      transports: [memory()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      peerDiscovery: [],
      services: { identify: identify() },
    }),
  );
  await helia.start();
  return { helia, fs: unixfs(helia) };
}

const FETCH_LIMIT_MS = 30_000;

globalThis.bench = {
  async start(options) {
    this.options = options;
    [this.giver, this.taker] = [await peer('giver'), await peer('taker')];
    await this.taker.helia.libp2p.dial(this.giver.helia.libp2p.getMultiaddrs());
  },

  /** Adds the chosen file at one peer, fetches it at the other: base64 of what came, and the permit. */
  async passOn(method) {
    const [file] = document.querySelector('#file').files;
    const guard = new Guard({ ...this.options, method });
    const { cid, checked } = await guardedAddFile(this.giver.fs, file, { guard });
    const parts = [];
    const asked = { path: file.name, signal: AbortSignal.timeout(FETCH_LIMIT_MS) };
    for await (const part of this.taker.fs.cat(cid, asked)) parts.push(part);
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return { permitId: checked.permitId, base64: bytes.toBase64() };
  },

  /** Blocks that a peer has. */
  async blocks() {
    let count = 0;
    for await (const block of this.giver.helia.blockstore.getAll()) count += block ? 1 : 0;
    return count;
  },
};
