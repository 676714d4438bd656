// A page with every upload widget that onmon has an adapter for, each as its documentation shows it.

import Uppy from '@uppy/core';
import XHRUpload from '@uppy/xhr-upload';
import * as FilePond from 'filepond';
import { checkedFiles, dropzoneValidator } from 'onmon/dropzone';
import { filePondGuard } from 'onmon/filepond';
import { Guard } from 'onmon/guard';
import { guardInput } from 'onmon/input';
import { guardedUpload } from 'onmon/tus';
import { defineUpload } from 'onmon/upload';
import { OnmonUppy } from 'onmon/uppy';
import { createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useDropzone } from 'react-dropzone';
import * as tus from 'tus-js-client';

const find = (selector) => document.querySelector(selector);

/** The files that the test chose, by name. */
const chosen = () => [...find('#files').files];

async function send(url, files) {
  for (const file of files) {
    const form = new FormData();
    form.append('file', file, file.name);
    await fetch(`${url}/upload`, { method: 'POST', body: form });
  }
}

globalThis.bench = {
  guards: {},
  /** A guard of its own for each widget, so that each has its own batch. */
  guard(name, options) {
    return (this.guards[name] = new Guard({ server: this.server, token: this.token, ...options }));
  },

  input(options) {
    const changes = (this.changes = []);
    const input = find('#plain');
    input.addEventListener('change', () => changes.push([...input.files].map(({ name }) => name)));
    this.seen = [];
    document.addEventListener('change', ({ target }) => target === input && this.seen.push(input.files.length), true);
    this.endInput = guardInput(input, this.guard('input', options), {
      status: find('#plain-status'),
      onChecked: (files) => (this.checked = files.map(({ file, checked }) => [file.name, checked.code])),
    });
  },

  defineUpload,

  element() {
    defineUpload();
    const element = find('onmon-upload');
    element.guard = this.guard('element');
    this.events = [];
    element.addEventListener('onmon-checked', ({ detail }) => this.events.push([detail.file.name, detail.checked.code]));
  },

  uppy(url, options) {
    const uppy = new Uppy({ autoProceed: false });
    uppy.use(OnmonUppy, { guard: this.guard('uppy'), ...options });
    uppy.use(XHRUpload, { endpoint: `${url}/upload`, fieldName: 'file', formData: true, shouldRetry: () => false });
    this.progress = [];
    uppy.on('preprocess-progress', (file, { value }) => this.progress.push(value));
    return (this.uppyOf = uppy);
  },

  async uppyAll(url) {
    const uppy = this.uppy(url);
    uppy.addFiles(chosen().map((data) => ({ name: data.name, type: data.type, data })));
    return this.uppyResult(await uppy.upload());
  },

  uppyResult({ successful, failed }) {
    return {
      successful: successful.map(({ name }) => name).sort(),
      failed: Object.fromEntries(failed.map(({ name, error }) => [name, error])),
    };
  },

  filepond(url) {
    FilePond.registerPlugin(filePondGuard(this.guard('filepond')));
    const pond = FilePond.create(find('#pond'), { allowMultiple: true, instantUpload: true, server: { process: `${url}/upload` }, name: 'file' });
    this.pond = pond;
    return Promise.allSettled(chosen().map((file) => pond.addFile(file)));
  },

  dropzone(url) {
    const guard = this.guard('dropzone');
    const Zone = () => {
      const [state, setState] = useState('');
      const { getRootProps, getInputProps, isProcessing } = useDropzone({
        validator: dropzoneValidator(guard),
        onDrop: async (accepted, rejections) => {
          await send(url, checkedFiles(guard, accepted));
          setState(JSON.stringify(rejections.map(({ file, errors }) => [file.name, errors[0].code])));
        },
      });
      return createElement(
        'div',
        getRootProps({ id: 'dropzone', 'data-state': isProcessing ? 'processing' : state }),
        createElement('input', getInputProps({ id: 'dropzone-input' })),
      );
    };
    createRoot(find('#react')).render(createElement(Zone));
  },

  async tus(url) {
    const guard = this.guard('tus');
    const refused = {};
    for (const file of chosen()) {
      try {
        await new Promise((resolve, reject) => {
          const options = { endpoint: `${url}/tus/`, onSuccess: resolve, onError: reject };
          guardedUpload(tus.Upload, file, options, guard).then((upload) => upload.start(), reject);
        });
      } catch (error) {
        refused[file.name] = error.code;
      }
    }
    return refused;
  },
};
