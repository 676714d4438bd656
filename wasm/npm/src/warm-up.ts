// A little MP3 to be read before any file is: what the browser compiles for it, the first file need not wait for.
//
// Browsers compile a function when it is first called, and well when it was called often. Six frames are enough
// for that, again and again: of both stereo modes, of long, short and changing blocks, none of which leans on an
// earlier one's bits. Tones, clicks and noise out of a formula, encoded by LAME without its bit reservoir.

/** 0.157 s, 44.1 kHz, 64 kbit/s, in base64. */
const FRAMES =
  '//tSRAAAEUsL3uEmEiwoIRuuPSIKBVgxi+ekQbCoBbN8xJiW2rGtAf2gBwzARFyliAXkkIs5zM3gxGpaiQFKEXiWxM/akVeHa8g1' +
  'vX1bVxMuqIffIAKMrg6CIjCy2obidTbYjGwwgIFEGyV2loSGJVd2q+52qolRaXQVtsDAAFKL2dXaIYFxnCVqxPt0h4QbucIygwSi' +
  'hc+KmGC7eQs/5KpypmZh31tgkiSYogZE0gNIDB0Lppl1Y9ntbhrQgeJl3TF6S6osss8r+1MQU1FAAAD/+1JEAAEBNQxdcYYqKCoh' +
  'fH8lJgeFYC+LpJhMMLaGL7iTDU65ZQRXAC/0AABBgnEs7M18a0NgRBCP074QEXl6gQMDhQZ6YHotb0REPMPDsskaAAAmFLjgIkB5' +
  'UMMHgi+SI2U0IGsKisqJVgtzKnpLi1H6dSf9Hf27JGzoBQMkrKUiIVONRIQRQhMl8wEDQGcKPKiZIhBVzW0s+8iipyhZ3Z1hmVUa' +
  'lAD48JASZMhEHyEOAy1oLKJZPB2AaiyBzNg5GHVKHX0LGuukJFbdKYgpoP/7UmQAABG/C+J5iUmMHADavgWMAQbMJZP0wYAwZ4Bq' +
  'toIwAJeJeIhlSRxogAGRaQ64VjERw+A4XBqhMoGA/BimteBj8wKxMwUYbovF2NTc2o8BSIuj74/OovpQ10y4pGhsAABIfArClbTr' +
  'UTB7oqi8UESbKbb31TUy8zDs1tsaAA6SHg7npiiJUBKPEApn6uqqIuCZw2hBpDCKBgq88QbM0BukbJyJgBn66f/sQvR91ABABQJd' +
  'AYCxajp6Ef/MZO4WCwSEShQCpiCmopmXGJgA//tSZAAAAa4QXmYwYAAdImr+xRQABvBLeJjHgABai2tTCiAA/9g0co0MgoAAAAAz' +
  'MwCYdITv1cJ93Laqc1MXADoLOCDsGOg+9OookEPwA53/EDv/dP//BBxjLA0AAAwBABwCAAAAAAFYRjUbbz0/7+3+oQcS9NFtIEkc' +
  'VtJFARq9diIDRSFj5NjWqbW7RC4JZYOncFgrrFM6tWsFXBo8e9K1frjw0n8eMA6m/9iT23aAbAAQFyh8WQEEkov0f/7f6kUwqoZM' +
  'QU1FMy4xMDAAAAD/+1JkAAARvBJg/zygDBahCpzhgAAHlC9t56VqQHoAKeAQAACXZSN2QFjbQAAHEXJpSEy5gnzzYKeiebE1pvlm' +
  'QDD+QzCjKWMULmFxILIhs64uxoFWaZDsi7/+iy1TstwgAA1b5laeoUVtTtPPFrn2V8xL3QBMAByNtEAJxamVS2dRYwv9mEEXOLIE' +
  'RYsz7CDDagRmAkSMlkBw6RFT0zcmCDGqP0sU8osrNNY3tZamuRNjC4qYGEHJQw4l170Q9seuldy9yf29u/6/fsr6ExBTQP/7UmQA' +
  'ABHAC975LChoGOBavAwiAQeMMXnmGOwgdoGquBCwAM7pMbsQTbVtAAnGR1ZL4HoQo5DD6TyNKhsfxoJy4nEYDPsHDywBBRDc6Bx4' +
  'wvCbWLVsmYvoqrpu81UrkauAAggyFNYOWl6C41OLWtt+u572V1uq4ZZg8urZICG+OAyIA9ynoKRbJD1JY+eKAzgiQFlz5kXFxORO' +
  'llE3b20yBMMEME0mRRAQqapK61en+hkpBFTIzuAJMQdiMSSkXa1QgMFEePBFBF/s9X//0JiC';

/** 6.3 s in all: more than a fingerprint asks for. */
const REPEATS = 40;

/** The bytes of an MP3 file. */
export function warmUpFile(): Uint8Array {
  const frames = Uint8Array.from(atob(FRAMES), (character) => character.charCodeAt(0));
  const file = new Uint8Array(frames.length * REPEATS);
  for (let repeat = 0; repeat < REPEATS; repeat += 1) file.set(frames, repeat * frames.length);
  return file;
}
