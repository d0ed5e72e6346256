#!/usr/bin/env node
import { existsSync } from 'node:fs'
import './check-node.js'

// A checkout runs its sources, the package what was built of them.
const isCheckout = existsSync(new URL('../src/main.ts', import.meta.url))
await import(isCheckout ? '../src/main.ts' : '../dist/src/main.js')
