// What is drawn on the canvas of a chart besides its lines: phases, limits, marks.

const phaseColours = /** @type {Readonly<Record<string, string>>} */ ({ ready: "stop", ramp: "ramp", stop: "stop" });

/** Runs `draw` with a scaled font, and leaves the context as it was. @param {Plot} plot @param {() => void} draw */
function paint({ ctx }, draw) {
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.lineWidth = devicePixelRatio;
  ctx.textAlign = "left";
  draw();
  ctx.restore();
}

/** Pixels of the part of a span that is in view, or undefined. @param {Plot} plot @param {number} from @param {number} to */
function inView(plot, from, to) {
  const { left, width } = plot.bbox;
  const start = Math.max(left, plot.valToPos(from, "x", true));
  const end = Math.min(left + width, plot.valToPos(to, "x", true));
  return end >= start ? { start, end } : undefined;
}

/** Shades ramp and stop, and writes above the plot what goes on. @param {Plot} plot @param {readonly Span[]} spans */
function drawSpans(plot, spans) {
  const { top, height } = plot.bbox;
  paint(plot, () => {
    for (const { phase, from, to } of spans) {
      const view = inView(plot, from, to);
      if (view === undefined) continue;
      const shade = phaseColours[phase];
      if (shade !== undefined) {
        plot.ctx.fillStyle = colour(shade);
        plot.ctx.fillRect(view.start, top, view.end - view.start, height);
      }
      plot.ctx.fillStyle = colour("muted");
      plot.ctx.textBaseline = "bottom";
      const room = view.end - view.start;
      if (plot.ctx.measureText(phase).width <= room) plot.ctx.fillText(phase, view.start, top - 3 * devicePixelRatio);
    }
  });
}

/** Draws the limits that are in reach. @param {Plot} plot @param {Chart["limits"]} limits */
function drawLimits(plot, limits) {
  const { left, top, width, height } = plot.bbox;
  paint(plot, () => {
    for (const { value, label } of limits) {
      const y = Math.round(plot.valToPos(value, "y", true));
      if (y < top || y > top + height) continue;
      plot.ctx.setLineDash([8 * devicePixelRatio, 3 * devicePixelRatio]);
      plot.ctx.strokeStyle = plot.ctx.fillStyle = colour("bad");
      strokeLine(plot.ctx, [left, y], [left + width, y]);
      plot.ctx.textAlign = "right";
      const below = y - top < 16 * devicePixelRatio;
      plot.ctx.textBaseline = below ? "top" : "bottom";
      plot.ctx.fillText(label, left + width - 4 * devicePixelRatio, y + (below ? 2 : -2) * devicePixelRatio);
    }
  });
}

/** Draws what happened at a moment, and says what where it has the room. @param {Plot} plot @param {readonly Mark[]} marks */
function drawMarks(plot, marks) {
  const { left, top, width, height } = plot.bbox;
  const gap = 4 * devicePixelRatio;
  let free = left;
  paint(plot, () => {
    plot.ctx.strokeStyle = plot.ctx.fillStyle = colour("bad");
    plot.ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    plot.ctx.textBaseline = "top";
    for (const { t, label } of marks) {
      const view = inView(plot, t, t);
      if (view === undefined) continue;
      const x = Math.round(view.start);
      strokeLine(plot.ctx, [x, top], [x, top + height]);
      const room = plot.ctx.measureText(label).width;
      const start = x + gap + room > left + width ? x - gap - room : x + gap;
      if (start < free) continue;
      plot.ctx.fillText(label, start, top + gap);
      free = start + room + gap;
    }
  });
}

/** @param {CanvasRenderingContext2D} context @param {readonly [number, number]} from @param {readonly [number, number]} to */
function strokeLine(context, from, to) {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
