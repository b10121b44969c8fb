// Names of the public Internet that are played on this machine. The server asks a product that wants to connect
// accounts for its document at https://NAME/…; a deployment of the tests has such a name, but no such address.

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { load } from './rig.mjs'

// From now on the global fetch looks into `file` first: a JSON object with, for an origin, the address at which it is
// played. Whoever plays it writes the file, also later.
export function play(file) {
  // Names of examples are nobody's, so the server would not even ask. Here one of them is the product's.
  load('@atproto-labs/fetch').DEFAULT_FORBIDDEN_DOMAIN_NAMES.length = 0

  const { fetch } = globalThis
  globalThis.fetch = function (input, init) {
    const url = new URL(input instanceof Request ? input.url : String(input))
    const played = JSON.parse(readFileSync(file, 'utf8'))[url.origin]
    return played ? read(new URL(played), url.pathname + url.search) : fetch.call(this, input, init)
  }
}

// Not fetch: its own name leads nowhere, and it sends no other one.
function read({ host, port }, path) {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, headers: { host } }, (answer) => {
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () => {
        const headers = { 'content-type': answer.headers['content-type'] ?? '' }
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers }))
      })
    })
    call.on('error', reject)
    call.end()
  })
}
