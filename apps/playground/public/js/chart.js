import { ChartCuts } from './chart-cuts.js';
import { uPlot } from './vendor.js';

const WINDOW_S = 60;
const TICK_S = 10;
const FONT = 'Inter, system-ui, sans-serif';
/** Samples further apart than this have something missing between them. */
const MAX_STEP_S = 2.5;

/** The machine's load and memory, as a line that moves. What was missed and replayed is marked. */
export class LoadChart {
  #element;
  #plot;
  /** Second of the sample (fractional), to sample. */
  #samples = new Map();
  #cuts = new ChartCuts({ font: FONT, windowSeconds: WINDOW_S });
  #hasBegun = false;

  constructor(element) {
    this.#element = element;
    this.#draw();
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(element);
    addEventListener('themechange', () => this.#draw());
    setInterval(() => this.#refresh(), 1_000);
  }

  add({ at, cpu, memory }) {
    this.#samples.set(at / 1_000, { cpu, memory });
    const oldest = Date.now() / 1_000 - WINDOW_S - 5;
    for (const time of this.#samples.keys()) if (time < oldest) this.#samples.delete(time);
    this.#element.dataset.points = String(this.#samples.size);
    this.#refresh();
  }

  /** The stream runs. */
  begin() {
    this.#hasBegun = true;
  }

  /** The stream was interrupted. */
  cut() {
    if (this.#hasBegun) this.#cuts.begin();
    this.#refresh();
  }

  /** It goes on; `isFilled` where what was missed is replayed. */
  resume(isFilled) {
    this.#cuts.end(isFilled);
    this.#refresh();
  }

  #refresh() {
    this.#plot.setData(this.#data());
  }

  #data() {
    const times = [...this.#samples.keys()].sort((a, b) => a - b);
    const columns = [[], [], []];
    let last;
    for (const time of times) {
      if (last !== undefined && time - last > MAX_STEP_S) push(columns, (last + time) / 2, null, null);
      const { cpu, memory } = this.#samples.get(time);
      push(columns, time, cpu, memory);
      last = time;
    }
    return columns;
  }

  #draw() {
    const colors = colorsOf(this.#element);
    this.#plot?.destroy();
    const axis = { stroke: colors.faint, font: `11px ${FONT}`, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        padding: [10, 20, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: () => [Date.now() / 1_000 - WINDOW_S, Date.now() / 1_000] },
          y: { range: [0, 100] },
        },
        axes: [
          { ...axis, size: 26, grid: { show: false }, splits: ticks, values: (_, times) => times.map(ago) },
          {
            ...axis,
            size: 44,
            splits: [0, 25, 50, 75, 100],
            grid: { stroke: colors.line, width: 1 },
            values: (_, values) => values.map((value) => `${value} %`),
          },
        ],
        series: [
          {},
          { stroke: colors.memory, width: 2, points: { show: false } },
          { stroke: colors.cpu, fill: colors.cpuFill, width: 2, points: { show: false } },
        ],
        hooks: {
          drawClear: [(plot) => this.#cuts.drawBands(plot, colors)],
          draw: [(plot) => this.#cuts.drawLabels(plot, colors)],
        },
      },
      [[], [], []],
      this.#element,
    );
    this.#refresh();
  }

  #size() {
    return { width: this.#element.clientWidth, height: this.#element.clientHeight };
  }
}

function push(columns, time, cpu, memory) {
  columns[0].push(time);
  columns[1].push(memory);
  columns[2].push(cpu);
}

/** Full tens of seconds before now, as many as there is room for. */
function ticks(plot) {
  const step = plot.width < 480 ? 2 * TICK_S : TICK_S;
  const now = Date.now() / 1_000;
  return Array.from({ length: WINDOW_S / step }, (_, index) => now - index * step).reverse();
}

function ago(time) {
  const seconds = Math.round(Date.now() / 1_000 - time);
  return seconds <= 0 ? 'now' : `−${seconds} s`;
}

/** Canvas knows nothing of custom properties: their colours are read where they are used. */
function colorsOf(element) {
  const probe = document.createElement('span');
  // With little motion every change is a transition, if a short one, and would be read at its beginning.
  probe.style.setProperty('transition', 'none', 'important');
  element.append(probe);
  const read = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = {
    cpu: read('--cpu'),
    cpuFill: read('--cpu-fill'),
    memory: read('--memory'),
    line: read('--line'),
    faint: read('--ink-3'),
    cut: read('--sunken'),
    replay: read('--replay-soft'),
    replayInk: read('--replay-ink'),
  };
  probe.remove();
  return colors;
}
