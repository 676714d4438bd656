// A plugin for Uppy: files are checked before any uploader has them. `onmon/uppy`.

import { BasePlugin, type Body, type Meta, type PluginOpts, type Uppy } from '@uppy/core';

import { OnmonError } from '../errors.js';
import type { Checker } from '../guard.js';

export { OnmonError } from '../errors.js';
export type { Checked, Checker } from '../guard.js';

/** Options of the plugin. */
export interface OnmonUppyOptions extends PluginOpts {
  guard: Checker;
  /**
   * Files of which only an address is here (Companion: a drive, a web address): `block` where left out.
   * `server` lets them through, for a server that checks them itself.
   */
  remote?: 'block' | 'server' | undefined;
}

/**
 * `uppy.use(OnmonUppy, { guard })`. A refused file has the error, the others go on; a permitted one goes as it
 * was tagged or sealed, with its permit's id in its metadata as `onmonPermit`.
 */
export class OnmonUppy<M extends Meta, B extends Body> extends BasePlugin<OnmonUppyOptions, M, B> {
  /** Ends the check of a file that is removed. */
  readonly #works = new Map<string, AbortController>();

  constructor(uppy: Uppy<M, B>, options: OnmonUppyOptions) {
    super(uppy, options);
    this.id = options.id ?? 'OnmonUppy';
    this.type = 'modifier';
  }

  override install(): void {
    this.uppy.addPreProcessor(this.#checkAll);
    this.uppy.on('file-removed', this.#removed);
    this.uppy.on('cancel-all', this.#cancelled);
  }

  override uninstall(): void {
    this.uppy.removePreProcessor(this.#checkAll);
    this.uppy.off('file-removed', this.#removed);
    this.uppy.off('cancel-all', this.#cancelled);
    this.#cancelled();
  }

  // Never rejects: that would end the whole batch.
  readonly #checkAll = async (ids: string[]): Promise<void> => {
    await Promise.all(ids.map((id) => this.#check(id)));
    for (const id of ids) {
      const file = this.uppy.getState().files[id];
      if (file) this.uppy.emit('preprocess-complete', file);
    }
  };

  async #check(id: string): Promise<void> {
    const { guard, remote } = this.opts;
    const file = this.uppy.getFile(id);
    if (file.isRemote || !(file.data instanceof Blob)) {
      if (remote !== 'server') this.#refuse(id, new OnmonError('remote_file'), undefined);
      return;
    }
    const work = new AbortController();
    this.#works.set(id, work);
    const message = guard.say('checking');
    const tell = (value: number) => {
      const now = this.uppy.getState().files[id];
      if (now) this.uppy.emit('preprocess-progress', now, { mode: 'determinate', message, value });
    };
    tell(0);
    const checked = await guard.check(file.data, { signal: work.signal, onProgress: tell });
    this.#works.delete(id);
    if (work.signal.aborted || !this.uppy.getState().files[id]) return;
    if (!checked.ok) {
      this.#refuse(id, checked.error ?? new OnmonError('internal'), checked.message);
      return;
    }
    if (checked.file && checked.file !== file.data) {
      this.uppy.setFileState(id, { data: checked.file, size: checked.file.size });
    }
    if (checked.permitId) {
      this.uppy.setFileMeta(id, { onmonPermit: checked.permitId } as unknown as M);
    }
  }

  /** With the words for people, in their language. */
  #refuse(id: string, cause: OnmonError, message = cause.message): void {
    const error = Object.assign(new Error(message, { cause }), { name: cause.code });
    this.uppy.emit('upload-error', this.uppy.getFile(id), error);
  }

  readonly #removed = ({ id }: { id: string }): void => this.#works.get(id)?.abort();

  readonly #cancelled = (): void => this.#works.forEach((work) => work.abort());
}
