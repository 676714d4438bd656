// A client component: fingerprints the chosen file in the browser; rendered on the server as well.

'use client';

import { fingerprint } from 'onmon';
import { useEffect } from 'react';

export function Song() {
  useEffect(() => {
    globalThis.fingerprintOf = async (file) => [...(await fingerprint(file)).bytes];
  }, []);
  return <input type="file" id="file" />;
}
