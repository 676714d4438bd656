// Web Audio as PCM: a microphone, a MediaStream or any node, tapped by an AudioWorklet.

import { OnmonError } from './errors.js';

/** What can be listened to. A node is tapped; that it is heard as well is its graph's business. */
export type LiveSource = 'microphone' | MediaStream | AudioNode;

/** A source that is being listened to. */
export interface Tap {
  sampleRate: number;
  channels: number;
  /** Calls `onBlock` with interleaved PCM, what came before this first, and `onEnd` when there will be no more. */
  start(onBlock: (block: Float32Array) => void, onEnd: () => void): void;
  close(): Promise<void>;
}

/** Where the worklet's file is, if not in its place in this package. */
export type WorkletUrl = string | URL | undefined;

/** What speech needs and music does not survive. */
const UNTOUCHED: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/** As the worklet hands them on. */
const CHANNELS = 2;

/** Begins to hear a source; what is heard before `start` waits. */
export async function tap(source: LiveSource, worklet: WorkletUrl): Promise<Tap> {
  if (typeof AudioWorkletNode === 'undefined') throw new OnmonError('no_web_audio');
  if (source !== 'microphone') return tapped(source, worklet);
  const stream = await microphone();
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  try {
    const { close, ...heard } = await tapped(stream, worklet);
    return { ...heard, close: () => close().finally(stop) };
  } catch (error) {
    stop();
    throw error;
  }
}

async function microphone(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: UNTOUCHED });
  } catch (cause) {
    throw new OnmonError('no_microphone', { detail: String(cause), cause });
  }
}

async function tapped(source: MediaStream | AudioNode, worklet: WorkletUrl): Promise<Tap> {
  const isNode = source instanceof AudioNode;
  const context = isNode ? source.context : new AudioContext();
  const node = isNode ? source : (context as AudioContext).createMediaStreamSource(source);
  const leave = async () => {
    if (!isNode) await (context as AudioContext).close();
  };
  try {
    await loaded(context, worklet);
    const options = { numberOfOutputs: 0, channelCount: CHANNELS, channelCountMode: 'explicit' as const };
    const ear = new AudioWorkletNode(context, 'onmon-tap', options);
    node.connect(ear);
    if (!isNode) await (context as AudioContext).resume();
    const start: Tap['start'] = (onBlock, onEnd) => {
      // A port keeps its messages until it has a listener.
      ear.port.onmessage = ({ data }: MessageEvent<Float32Array>) => onBlock(data);
      for (const track of isNode ? [] : source.getTracks()) {
        if (track.readyState === 'ended') onEnd();
        else track.addEventListener('ended', onEnd, { once: true });
      }
    };
    const close = async () => {
      ear.port.onmessage = null;
      node.disconnect(ear);
      await leave();
    };
    return { sampleRate: context.sampleRate, channels: CHANNELS, start, close };
  } catch (error) {
    await leave();
    throw error;
  }
}

const LOADED = /* @__PURE__ */ new WeakMap<BaseAudioContext, Promise<void>>();

/** Loads the worklet into a context, once. */
async function loaded(context: BaseAudioContext, worklet: WorkletUrl): Promise<void> {
  // Bundlers know the file by this very expression: keep it as it is. Vite would make a data: address of so small a
  // file, which a strict policy forbids.
  const url = worklet ?? new URL('./live-worklet.js?no-inline', import.meta.url);
  const loading = LOADED.get(context) ?? context.audioWorklet.addModule(url);
  LOADED.set(context, loading);
  try {
    await loading;
  } catch (cause) {
    LOADED.delete(context);
    throw new OnmonError('worklet_failed', { detail: String(cause), cause });
  }
}
