#!/usr/bin/env node
"use strict";
// Compiled by `npm run build`, which `npm ci` runs.
require("../dist/runner/cli/main.js").main(process.argv);
