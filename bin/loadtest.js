#!/usr/bin/env node
// Compiled by `npm run build`, which `npm ci` runs.
require("../dist/runner/cli/main.js").main(process.argv);
