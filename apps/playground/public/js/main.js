import { Agreement } from './agreement.js';
import { LoadChart } from './chart.js';
import { ConnectionPanel } from './connection.js';
import { CutButton } from './cut.js';
import { Demo } from './demo.js';
import { byId, calm } from './dom.js';
import { Editor } from './editor.js';
import { Feed } from './feed.js';
import { LogView } from './log-view.js';
import { BOARD, channelOf, MACHINE } from './names.js';
import { done } from './steps.js';
import { say, TicketBoard } from './tickets.js';

const SAMPLE_TITLES = [
  'The export has no header row',
  'Login asks twice on Fridays',
  'The map opens in the wrong city',
];
const STATES = { live: 'live', connecting: 'connecting', off: 'cut' };

const { name: me } = await (await fetch('/api/me')).json();
byId('me').textContent = me;

/** What both views show: the machine, the board, and the ticket that is open in the editors. */
const shown = () => [MACHINE, BOARD, ...(board.selected === undefined ? [] : [channelOf(board.selected)])];
const shows = (channel) => shown().includes(channel);

const sse = new Feed('sse', [MACHINE, BOARD]);
const socket = new Feed('websocket', [MACHINE, BOARD]);
const editors = [new Editor('Tab A'), new Editor('Tab B')];
byId('editors').append(...editors.map(({ element }) => element));

const board = new TicketBoard({
  list: byId('tickets'),
  me,
  onSelect: (id) => {
    for (const feed of [sse, socket]) feed.follow(shown());
    for (const editor of editors) editor.open(id);
    byId('second-tab').href = `/tickets/${id}`;
    byId('selected').textContent = id;
  },
});

const connection = new ConnectionPanel({ onClient: (client) => board.use(client) });

wireViews();
wireChart();
wireConnection();
wireTickets();
wireSteps();
await board.load();

/** How long a cut is to last. */
function seconds() {
  return Number(document.querySelector('input[name="seconds"]:checked').value);
}

function wireViews() {
  const views = [
    { id: 'sse', title: 'SSE', feed: sse },
    { id: 'socket', title: 'WebSocket', feed: socket },
  ];
  for (const { id, title, feed } of views) {
    new LogView({ list: byId(`${id}-log`), title, shows }).follow(feed);
    const cut = new CutButton({ button: byId(`${id}-cut`), card: byId(`${id}-view`), feed, title, seconds });
    byId('lengths').addEventListener('change', () => cut.refresh());
    feed.addEventListener('state', ({ detail }) => showState(id, detail));
    feed.addEventListener('start', ({ detail: { recovered } }) => recovered === true && done(1));
    feed.addEventListener('state', () => (byId('stale').hidden = sse.hasSession && socket.hasSession));
  }
  new Agreement({ element: byId('agreement'), shown }).follow([sse, socket]);
  byId('filter').addEventListener('change', ({ target }) => (byId('log').dataset.filter = target.value));
}

function showState(id, state) {
  for (const element of document.querySelectorAll(`[data-state-of="${id}"]`)) {
    element.dataset.state = state;
    element.querySelector('.state__text').textContent = STATES[state];
  }
}

function wireChart() {
  const chart = new LoadChart(byId('chart'));
  const add = (sample) => {
    chart.add(sample);
    byId('cpu').textContent = sample.cpu.toFixed(1);
    byId('memory').textContent = sample.memory.toFixed(1);
  };
  void fetch('/api/machine')
    .then((response) => response.json())
    .then((samples) => samples.forEach(add));
  sse.addEventListener('event', ({ detail: { event, data, offset } }) => {
    if (event !== 'machine.sample') return;
    add(data);
    byId('machine-offset').textContent = `#${offset}`;
  });
  sse.addEventListener('state', ({ detail }) => (detail === 'live' ? chart.begin() : chart.cut()));
  sse.addEventListener('start', ({ detail }) => detail.channel === MACHINE && chart.resume(detail.recovered));
}

function wireConnection() {
  const [button, card] = [byId('connection-cut'), byId('connection')];
  const cut = new CutButton({ button, card, feed: connection, title: 'Your connection', seconds });
  byId('lengths').addEventListener('change', () => cut.refresh());
  connection.addEventListener('sent', () => done(4));
}

function wireTickets() {
  byId('new-ticket').addEventListener('submit', (event) => {
    event.preventDefault();
    const input = byId('new-title');
    const title = input.value.trim();
    if (title === '') return input.focus();
    input.value = '';
    void open(title);
  });
}

async function open(title) {
  try {
    board.select(await board.add(title));
    say('');
    done(2);
  } catch (error) {
    say(error.message);
  }
}

function wireSteps() {
  const demo = new Demo(...editors);
  let samples = 0;
  const on = (id, section, act) =>
    byId(id).addEventListener('click', () => {
      byId(section).scrollIntoView({ behavior: calm() ? 'auto' : 'smooth', block: 'nearest' });
      void act();
    });
  const play = async (scene) => {
    await demo[scene]();
    done(3);
  };
  on('try-cut', 'log', () => byId('sse-cut').click());
  on('try-queue', 'connection', () => {
    byId('connection-cut').click();
    void board.toggleClaim(board.claimable);
  });
  on('try-ticket', 'log', () => open(SAMPLE_TITLES[samples++ % SAMPLE_TITLES.length]));
  for (const scene of ['merge', 'conflict']) {
    on(`try-${scene}`, 'editing', () => play(scene));
    byId(`play-${scene}`).addEventListener('click', () => void play(scene));
  }
}
