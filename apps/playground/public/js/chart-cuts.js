/** Where a chart's stream was interrupted, drawn under its lines, and what became of it, written above them. */
export class ChartCuts {
  #cuts = [];
  #font;
  #windowSeconds;

  constructor({ font, windowSeconds }) {
    this.#font = font;
    this.#windowSeconds = windowSeconds;
  }

  begin() {
    if (this.#cuts.at(-1)?.to !== null) this.#cuts.push({ from: now(), to: null, isFilled: false });
  }

  /** `isFilled` where what was missed is replayed. */
  end(isFilled) {
    const cut = this.#cuts.at(-1);
    if (cut?.to === null) Object.assign(cut, { to: now(), isFilled });
  }

  drawBands(plot, colors) {
    this.#cuts = this.#cuts.filter(({ to }) => to === null || to > now() - this.#windowSeconds);
    this.#forEach(plot, ({ isFilled }, { left, top, width, height }) => {
      plot.ctx.fillStyle = isFilled ? colors.replay : colors.cut;
      plot.ctx.fillRect(left, top, width, height);
    });
  }

  drawLabels(plot, colors) {
    const { ctx } = plot;
    const dot = devicePixelRatio;
    this.#forEach(plot, (cut, { left, top, width }) => {
      if (width < 24 * dot) return;
      ctx.fillStyle = cut.isFilled ? colors.replayInk : colors.faint;
      ctx.font = `${11 * dot}px ${this.#font}`;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'top';
      ctx.fillText(labelOf(cut), left + 6 * dot, top + 6 * dot);
    });
  }

  #forEach(plot, draw) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const cut of this.#cuts) {
      const left = plot.valToPos(cut.from, 'x', true);
      const width = plot.valToPos(cut.to ?? now(), 'x', true) - left;
      draw(cut, { left, top: bbox.top, width, height: bbox.height });
    }
    ctx.restore();
  }
}

function labelOf({ to, isFilled }) {
  if (to === null) return 'cut';
  return isFilled ? 'replayed' : 'lost';
}

function now() {
  return Date.now() / 1_000;
}
