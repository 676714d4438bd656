// A page that fingerprints the chosen file: what each bundler makes a site of.

import { fingerprint } from 'onmon';

globalThis.fingerprintOf = async (file) => [...(await fingerprint(file)).bytes];
