// What `walk.mjs` measures: each step as a page would do it.

import { open } from 'onmon/sealed';
import { offer, purchase, share } from 'onmon/sharing';

/** The shared file and what was bought last. */
const state = {};

const steps = {
  async share(asked) {
    state.file = (await share(document.querySelector('#file').files[0], asked)).file;
  },
  async offer(asked) {
    await offer(state.file, asked);
  },
  /** With its recheck, which a player does not wait for. */
  async purchase(asked) {
    state.purchase = await purchase(state.file, asked);
    const bought = performance.now();
    await state.purchase.recheck;
    return bought;
  },
  async play() {
    const { key } = state.purchase;
    if (key) await open(state.file, key);
  },
};

globalThis.walk = {
  /** Milliseconds until the user could go on. */
  async step(name, asked) {
    const begun = performance.now();
    const ended = await steps[name](asked);
    return (ended ?? performance.now()) - begun;
  },
};
