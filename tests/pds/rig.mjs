// What the scripts of the rig share.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const lock = readFileSync(join(here, 'package-lock.json'))
const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16)

// The same name that install.sh gives it.
export const modules = join(here, '..', '..', '.cache', `pds-${hash}`)

if (!existsSync(join(modules, 'installed'))) {
  console.error(`the PDS is not installed in ${modules}: run tests/pds/install.sh`)
  process.exit(2)
}

// Packages live in the cache, not beside this file.
export const load = createRequire(join(modules, 'package.json'))

// Signs the tokens of every PDS that the rig starts: they live as long as a test.
export const jwtSecret = 'only for tests on loopback'
