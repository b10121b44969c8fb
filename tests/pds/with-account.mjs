// Runs a command beside a fresh Bluesky server with one account, which the command finds in M1A_PDS_URL,
// M1A_PDS_IDENTIFIER and M1A_PDS_PASSWORD: node with-account.mjs COMMAND...
//
// What plays a name of the public Internet, as the server shall see it, writes that into the file M1A_PDS_NAMES:
// see names.mjs.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const script = (name, ...rest) => ['--require', join(here, 'loopback.cjs'), join(here, name), ...rest]

const folder = mkdtempSync(join(tmpdir(), 'pds-names-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.env.M1A_PDS_NAMES = join(folder, 'names.json')
writeFileSync(process.env.M1A_PDS_NAMES, '{}')

// The server ends when its input does.
const server = spawn(process.execPath, script('start.mjs'), { stdio: ['pipe', 'pipe', 'inherit'] })
const [line] = await once(createInterface(server.stdout), 'line')
const { pds } = JSON.parse(line)
const account = JSON.parse(execFileSync(process.execPath, script('readback.mjs', 'account', pds, 'ada.test')))

const [program, ...rest] = process.argv.slice(2)
const command = spawn(program, rest, {
  stdio: 'inherit',
  env: {
    ...process.env,
    M1A_PDS_URL: pds,
    M1A_PDS_IDENTIFIER: account.handle,
    M1A_PDS_PASSWORD: account.app_password,
  },
})
const [code] = await once(command, 'exit')
server.stdin.end()
process.exitCode = code ?? 1
