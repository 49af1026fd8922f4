// Draws the charts of a report from the JSON that it carries.

/** @type {ReportData} */
const page = JSON.parse(document.getElementById("data")?.textContent ?? "");

/** Arrow keys move the cursor of all charts to the next point of this one; Escape hides it. @param {Plot} plot @param {HTMLElement} place @param {string | undefined} axis */
function followKeys(plot, place, axis) {
  place.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined && event.key !== "Escape") return;
    event.preventDefault();
    const times = plot.data[0];
    const last = times.length - 1;
    const index = plot.cursor.idx ?? (step === 1 ? -1 : last + 1);
    const time = times[Math.min(last, Math.max(0, index + (step ?? 0)))] ?? 0;
    for (const { plot: each } of plots.filter((one) => one.axis === axis)) {
      each.setCursor(step === undefined ? { left: -10, top: -10 } : { left: each.valToPos(time, "x"), top: 0 });
    }
  });
}

const plots = page.charts.flatMap((chart) => {
  const place = /** @type {HTMLElement | null} */ (document.querySelector(`#${chart.id} .chart`));
  if (place === null) return [];
  const plot = new PlotClass(optionsOf(chart, place.clientWidth, page), dataOf(chart), place);
  const axis = chart.across?.label;
  followKeys(plot, place, axis);
  return [{ plot, place, axis }];
});

/** Draws anew what depends on the scheme and on the room. */
function redraw() {
  forgetColours();
  for (const { plot } of plots) plot.redraw(true, true);
}

function resize() {
  for (const { plot, place } of plots) {
    const size = sizeFor(place.clientWidth);
    if (size.width !== plot.width || size.height !== plot.height) plot.setSize(size);
  }
}

/** On paper charts are light and as wide as the paper, whatever the window is. @param {boolean} on */
function paper(on) {
  document.documentElement.classList.toggle("print", on);
  resize();
  redraw();
}

const resizing = new ResizeObserver(resize);
for (const { place } of plots) resizing.observe(place);
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));
