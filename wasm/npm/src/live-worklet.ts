// In the audio thread: passes on what is heard, in blocks, to the page's own thread. Nothing else runs here, so
// that audio never waits for us.

declare const registerProcessor: (name: string, processor: new () => object) => void;
declare const AudioWorkletProcessor: new () => { readonly port: MessagePort };

/** Frames of a message: some 50 ms. */
const FRAMES = 2048;
/** The node is asked for two: one channel is heard as two alike, and more than two are mixed by the browser. */
const CHANNELS = 2;

class Tap extends AudioWorkletProcessor {
  #block = new Float32Array(FRAMES * CHANNELS);
  #filled = 0;

  process([channels]: Float32Array[][]): boolean {
    const [left, right = left] = channels ?? [];
    // Nothing is connected now; the node lives on.
    if (!left || !right) return true;
    for (let at = 0; at < left.length; at += 1) {
      this.#block[this.#filled] = left[at]!;
      this.#block[this.#filled + 1] = right[at]!;
      this.#filled += CHANNELS;
      if (this.#filled === this.#block.length) this.#pass();
    }
    return true;
  }

  #pass(): void {
    this.port.postMessage(this.#block, [this.#block.buffer]);
    this.#block = new Float32Array(FRAMES * CHANNELS);
    this.#filled = 0;
  }
}

registerProcessor('onmon-tap', Tap);

export {};
