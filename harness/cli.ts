#!/usr/bin/env node
/** The command line: `engram <command> …`. */
import { main } from "./main.js";

await main(process.argv.slice(2));
