import { sleep } from './dom.js';

const PAUSE_MS = 700;
const PRIORITIES = ['low', 'normal', 'high', 'urgent'];
const NOTES = ['Asked for a screenshot.', 'Seen again this morning.', 'Cannot be reproduced on a laptop.'];
const ENDINGS = [
  [' (again)', ' (for everybody)'],
  [' (since Monday)', ' (on tablets)'],
];

/** Plays both sides of what two people would do. One play at a time. */
export class Demo {
  #a;
  #b;
  #isPlaying = false;
  #round = 0;

  constructor(a, b) {
    this.#a = a;
    this.#b = b;
  }

  /** Two fields, changed while one side was away: both stay. */
  merge() {
    return this.#play(async () => {
      const [a, b] = [this.#a, this.#b];
      const note = other(NOTES, b.client.valueOf('note'), this.#round);
      const priority = other(PRIORITIES, a.client.valueOf('priority'), this.#round);
      b.client.goOffline();
      await sleep(PAUSE_MS);
      await b.type('note', note);
      await a.type('priority', priority);
      await a.settled();
    });
  }

  /** One field, changed on both sides: whoever comes second is asked. */
  conflict() {
    return this.#play(async () => {
      const [a, b] = [this.#a, this.#b];
      const title = a.client
        .valueOf('title')
        .replace(/ \([^)]*\)$/, '')
        .slice(0, 60);
      const [mine, theirs] = ENDINGS.find((endings) =>
        endings.every((ending) => !a.client.valueOf('title').endsWith(ending)),
      );
      b.client.goOffline();
      await sleep(PAUSE_MS);
      await a.type('title', title + mine);
      await a.settled();
      await b.type('title', title + theirs);
    });
  }

  async #play(scene) {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.#round += 1;
    try {
      await this.#clear();
      await scene();
      await sleep(PAUSE_MS);
      this.#b.client.goOnline();
      await this.#b.settled();
    } finally {
      this.#isPlaying = false;
    }
  }

  /** Both sides online, and of one mind. */
  async #clear() {
    for (const { client } of [this.#a, this.#b]) {
      if (client.state === 'off') client.goOnline();
      for (const field of client.conflicts) client.resolve(field, 'theirs');
    }
    await Promise.all([this.#a.settled(), this.#b.settled()]);
  }
}

/** One of the values that is not the given one, another each time. */
function other(values, value, round) {
  const others = values.filter((candidate) => candidate !== value);
  return others[round % others.length];
}
