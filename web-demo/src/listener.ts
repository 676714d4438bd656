// The other side: who got the copy. It is locked until it is paid for, then it plays.

import { OnmonPlayer, type PlayerState } from 'onmon/player';
import type { Purchase } from 'onmon/sharing';

import { byId } from './dom';
import { language, text } from './locale';
import { Account, AT_SERVER } from './server';

const listener = new Account('web demo: who listens');

let bought: Purchase | undefined;
let player: OnmonPlayer | undefined;

byId('buy').addEventListener('click', () => void buy());

/** Gives the listener a copy; takes it away with `null`. */
export async function listenTo(copy: Blob | null): Promise<void> {
  bought = undefined;
  if (copy === null) {
    player?.close();
    drawListener();
    return;
  }
  player ??= new OnmonPlayer(byId<HTMLAudioElement>('player'), {
    ...AT_SERVER,
    token: () => listener.token(),
    onChange: drawListener,
  });
  await player.load(copy);
}

async function buy(): Promise<void> {
  try {
    bought = await player?.buy();
  } catch {
    return; // The player's own `error` says why.
  }
  drawListener();
  const media = player?.media;
  // The button that had the focus is gone: the player's is next.
  media?.focus();
  await media?.play().catch(() => undefined); // Some browsers want another press for it.
}

const STATES = {
  checking: 'playerChecking',
  locked: 'playerLocked',
  buying: 'playerBuying',
  open: 'playerOpen',
} as const satisfies Partial<Record<PlayerState, string>>;

/** Draws the listener's card as the player stands. */
export function drawListener(): void {
  const state = player?.state ?? 'empty';
  const card = byId('listener-card');
  card.hidden = state === 'empty';
  card.dataset['player'] = state;
  if (!player || state === 'empty') return;
  const key = STATES[state as keyof typeof STATES] ?? 'playerFailed';
  byId('player-state').textContent = text(key);
  const yen = player.offer?.price.yen ?? '';
  const price = player.offer ? text('playerPrice', { yen }) : '';
  const error = player.error?.localized(language()) ?? '';
  const paid = state === 'open' && bought ? text('playerPaid', { yen, purchase: bought.purchaseId }) : '';
  byId('player-note').textContent = error || paid || price;
  byId('buy').hidden = state !== 'locked';
  byId('buy').textContent = text('playerBuy', { yen });
  byId('player').hidden = state !== 'open';
  byId('player-icon').setAttribute('href', state === 'open' ? '#icon-open' : '#icon-locked');
}
