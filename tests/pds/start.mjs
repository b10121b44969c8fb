// Starts a PLC directory in memory and a PDS with fresh folders on loopback, and prints {"pds", "plc"} with their
// addresses once both answer. Ends when stdin ends, so that it never outlives the test that started it, or on SIGTERM.
//
//   node --require ./loopback.cjs start.mjs [PDS_PORT] [PLC_PORT]
//
// M1A_PDS_NAMES may be a file of names that are played on this machine: see names.mjs.

import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { play } from './names.mjs'
import { jwtSecret, load } from './rig.mjs'

const folder = mkdtempSync(join(tmpdir(), 'pds-rig-'))

function stop(code) {
  rmSync(folder, { recursive: true, force: true })
  process.exit(code)
}
process.stdin.on('end', () => stop(0)).on('error', () => stop(0)).resume()
process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => stop(0))
process.on('uncaughtException', (error) => {
  console.error(error)
  stop(1)
})

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

const pdsPort = Number(process.argv[2] ?? 0) || (await freePort())
const plcPort = Number(process.argv[3] ?? 0) || (await freePort())

const { PlcServer, Database } = load('@did-plc/server')
const plc = PlcServer.create({ db: Database.mock(), port: plcPort })
await plc.start()

const data = join(folder, 'data')
const blobs = join(folder, 'blobs')
mkdirSync(data)
mkdirSync(blobs)
Object.assign(process.env, {
  PDS_HOSTNAME: 'localhost',
  PDS_PORT: String(pdsPort),
  PDS_DATA_DIRECTORY: data,
  PDS_BLOBSTORE_DISK_LOCATION: blobs,
  PDS_JWT_SECRET: jwtSecret,
  PDS_ADMIN_PASSWORD: randomBytes(16).toString('hex'),
  PDS_DPOP_SECRET: randomBytes(32).toString('hex'),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: randomBytes(32).toString('hex'),
  PDS_DID_PLC_URL: `http://localhost:${plcPort}`,
  PDS_SERVICE_HANDLE_DOMAINS: '.test',
  PDS_DEV_MODE: 'true',
  PDS_DISABLE_SSRF_PROTECTION: 'true',
  PDS_INVITE_REQUIRED: 'false',
  PDS_BSKY_APP_VIEW_URL: 'https://appview.invalid',
  PDS_BSKY_APP_VIEW_DID: 'did:example:invalid',
  PDS_CRAWLERS: '',
  LOG_ENABLED: 'false',
})
if (process.env.M1A_PDS_NAMES) play(process.env.M1A_PDS_NAMES)
const { PDS, envToCfg, envToSecrets, readEnv } = load('@atproto/pds')
const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()

console.log(JSON.stringify({ pds: `http://127.0.0.1:${pdsPort}`, plc: `http://127.0.0.1:${plcPort}` }))
