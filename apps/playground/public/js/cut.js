import { announce } from './dom.js';

/** A button that takes a feed's connection away for some seconds, and counts them down. */
export class CutButton {
  #button;
  #card;
  #feed;
  #title;
  #seconds;

  constructor({ button, card, feed, title, seconds }) {
    this.#button = button;
    this.#card = card;
    this.#feed = feed;
    this.#title = title;
    this.#seconds = seconds;
    button.addEventListener('click', () => void this.cut());
    feed.addEventListener('state', () => this.#show());
    this.#show();
  }

  async cut() {
    if (this.#feed.state !== 'live') return;
    const seconds = this.#seconds();
    this.#feed.disconnect();
    announce(`${this.#title} is cut for ${seconds} seconds.`);
    this.#card.classList.add('card--cut');
    this.#card.style.setProperty('--cut-duration', `${seconds}s`);
    const endsAt = performance.now() + seconds * 1_000;
    for (let left = seconds; left > 0; left -= 1) {
      this.#button.textContent = `Back in ${left} s`;
      await until(endsAt - (left - 1) * 1_000);
    }
    this.#card.classList.remove('card--cut');
    this.#feed.connect();
    this.#show();
  }

  #show() {
    const isLive = this.#feed.state === 'live';
    // Not `disabled`: that would take the focus away from whoever has just pressed it.
    this.#button.setAttribute('aria-disabled', String(!isLive));
    if (isLive) this.#button.textContent = `Cut for ${this.#seconds()} s`;
    else if (this.#feed.state === 'connecting') this.#button.textContent = 'Connecting…';
  }

  /** The length of a cut was changed. */
  refresh() {
    this.#show();
  }
}

function until(time) {
  return new Promise((resolve) => setTimeout(resolve, time - performance.now()));
}
