import { expect } from "chai";
import { type ColourName, colours, type Scheme } from "../../../../runner/results/report/style";

type Rgb = readonly [number, number, number];

/** From `#rrggbb` to linear light. */
function linear(colour: string): Rgb {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = linear(colour);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** What people without the cones for red, or for green, see of linear light: Viénot, Brettel and Mollon, 1999. */
const blindness: Readonly<Record<string, readonly [Rgb, Rgb, Rgb]>> = {
  none: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  red: [
    [0.1124, 0.8876, 0],
    [0.1124, 0.8876, 0],
    [0.004, -0.004, 1],
  ],
  green: [
    [0.2928, 0.7072, 0],
    [0.2928, 0.7072, 0],
    [-0.0223, 0.0223, 1],
  ],
};

/** Distance of two colours for an eye, in CIELAB. */
function distance(one: string, other: string, eye: readonly [Rgb, Rgb, Rgb]): number {
  const [first, second] = [one, other].map((colour) => {
    const light = linear(colour);
    return lab(eye.map((row) => row.reduce((sum, factor, index) => sum + factor * (light[index] ?? 0), 0)));
  });
  return Math.hypot(...(first ?? []).map((value, index) => value - (second?.[index] ?? 0)));
}

function lab([red = 0, green = 0, blue = 0]: readonly number[]): number[] {
  const root = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const series = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"] as const;
const shades = ["background", "ramp", "stop"] as const;

for (const scheme of ["light", "dark"] satisfies Scheme[]) {
  describe(`colours, ${scheme}`, () => {
    const palette = colours[scheme];
    const of = (name: ColourName) => palette[name];

    it("have lines that stand out from the background and the marked phases", () => {
      for (const name of [...series, "muted", "text", "bad"] as const) {
        for (const shade of shades) {
          expect(contrast(of(name), of(shade)), `${name} on ${shade}`).to.be.at.least(3);
        }
      }
    });

    it("have text that can be read", () => {
      for (const name of ["text", "muted", "good", "bad", "caution"] as const) {
        for (const below of ["background", "surface"] as const) {
          expect(contrast(of(name), of(below)), `${name} on ${below}`).to.be.at.least(4.5);
        }
      }
      for (const tone of ["good", "bad", "caution", "muted"] as const) {
        expect(contrast(of("on-verdict"), of(tone)), `verdict on ${tone}`).to.be.at.least(4.5);
      }
    });

    it("tell the lines of a chart apart, also without red or green", () => {
      const pairs = [
        ["series-1", "series-2"],
        ["series-1", "series-3"],
        ["series-2", "series-3"],
        ["series-2", "series-4"],
      ] as const;
      for (const [lacking, eye] of Object.entries(blindness)) {
        for (const [one, other] of pairs) {
          expect(distance(of(one), of(other), eye), `${one} and ${other} without ${lacking}`).to.be.at.least(25);
        }
      }
    });
  });
}
