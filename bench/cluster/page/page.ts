import type { Results } from "../results";
export function writePage(_docs: string, _results: Results): void {}
