// A page that shares files by WebTorrent: two of them are two peers.

import { fingerprint } from 'onmon';
import { Guard, Incoming } from 'onmon/guard';
import { readTag, writeTag } from 'onmon/tag';
import { checkedAdd, guardedSeed } from 'onmon/webtorrent';
import WebTorrent from 'webtorrent/dist/webtorrent.min.js';

globalThis.bench = {
  start({ server, token, tracker }) {
    this.client = new WebTorrent({ dht: false, lsd: false, utPex: false });
    this.torrent = { announce: [tracker] };
    this.guard = new Guard({ server, token });
    this.sealing = new Guard({ server, token, method: 'drm' });
    this.incoming = new Incoming({ server, token });
    this.asked = [];
  },

  /** Fingerprints of each chosen file: as it is, and as one that is elsewhere; the share of it that was fetched. */
  async bothWays() {
    const found = [];
    for (const file of document.querySelector('#files').files) {
      let fetched = 0;
      const read = (start, end) => {
        fetched += end - start;
        return file.slice(start, end).arrayBuffer();
      };
      const [here, elsewhere] = [await fingerprint(file), await fingerprint({ size: file.size, name: file.name, read })];
      found.push({ here: here.bytes.join(), elsewhere: elsewhere.bytes.join(), share: fetched / file.size });
    }
    return found;
  },

  /** Seeds chosen files by their names; the magnet. */
  async seed(names, guard = this.guard) {
    const files = [...document.querySelector('#files').files].filter(({ name }) => names.includes(name));
    const torrent = await guardedSeed(this.client, files, { guard, torrent: this.torrent });
    return torrent.magnetURI;
  },

  /** What somebody seeds who asks nobody. */
  careless(names) {
    return this.seedAll([...document.querySelector('#files').files].filter(({ name }) => names.includes(name)));
  },

  seedAll(files) {
    return new Promise((resolve) => this.client.seed(files, this.torrent, ({ magnetURI }) => resolve(magnetURI)));
  },

  /** Another file under the tag of a shared one. */
  async copied(shared, other) {
    const forged = await writeTag(other, (await readTag(shared)).bytes);
    return this.seedAll([new File([forged], 'copied.mp3')]);
  },

  async add(magnet, agreed) {
    const pay = (offers) => {
      const [torrent] = this.client.torrents;
      this.asked.push({ titles: offers.map(({ recordings }) => recordings[0].title), yen: offers[0].price.yen, share: torrent.progress });
      return agreed;
    };
    const { torrent, files } = await checkedAdd(this.client, magnet, { incoming: this.incoming, pay, torrent: this.torrent });
    const digest = async (content) =>
      [...new Uint8Array(await crypto.subtle.digest('SHA-256', await content.arrayBuffer()))].join();
    const received = await Promise.all(
      files.map(async ({ name, content, purchase }) => ({
        name,
        digest: await digest(content),
        bytes: content.size,
        repeated: purchase?.repeated ?? null,
        recheck: purchase && (await purchase.recheck),
      })),
    );
    const { uploaded } = torrent;
    return { received, uploaded };
  },
};
